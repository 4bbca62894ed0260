#include "src/log/scan_ahead.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <utility>

#include "src/base/command_limits.h"
#include "src/log/record_batch.h"

namespace tidemark {
namespace {

/// Some records, and what could not be read after them.
struct Part {
  RecordBatch records;
  std::optional<std::pair<OffsetRange, Error>> damage;
};

/// Parts that are filled by one thread and used by another one, in a circle.
class PartRing {
 public:
  /// Waits until there is room. Null: no more are wanted.
  Part* next_to_fill() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return refused_ || filled_ - used_ < parts_.size(); });
    return refused_ ? nullptr : &parts_[filled_ % parts_.size()];
  }
  void has_filled() {
    change([this] { ++filled_; });
  }
  void end() {
    change([this] { ended_ = true; });
  }

  /// Waits until there is one. Null: that was all.
  Part* next_to_use() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_ || filled_ != used_; });
    return filled_ == used_ ? nullptr : &parts_[used_ % parts_.size()];
  }
  void has_used() {
    change([this] { ++used_; });
  }
  void refuse() {
    change([this] { refused_ = true; });
  }

 private:
  template <class Change>
  void change(Change&& what) {
    {
      const std::scoped_lock lock(mutex_);
      what();
    }
    changed_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Part, limits::kPartsAhead> parts_;
  std::size_t filled_ = 0, used_ = 0;  // since the beginning
  bool ended_ = false, refused_ = false;
};

/// Whose end is told, however it ends.
class Filling {
 public:
  explicit Filling(PartRing& ring) : ring_(ring) {}
  Filling(const Filling&) = delete;
  Filling& operator=(const Filling&) = delete;
  ~Filling() { ring_.end(); }

  bool add(const RecordView& record) {
    if (!has_room()) return false;
    part_->records.add(record);
    return part_->records.bytes() < limits::kPartBytes || pass_on();
  }
  bool add(OffsetRange stretch, const Error& error) {
    if (!has_room()) return false;
    part_->damage.emplace(stretch, error);
    return pass_on();
  }
  bool pass_on() {
    if (part_ != nullptr) ring_.has_filled();
    part_ = nullptr;
    return true;
  }

 private:
  bool has_room() {
    if (part_ == nullptr) part_ = ring_.next_to_fill();
    return part_ != nullptr;
  }

  PartRing& ring_;
  Part* part_ = nullptr;
};

/// Likewise, also where a visitor throws: who fills the ring is waited for.
class Using {
 public:
  explicit Using(PartRing& ring) : ring_(ring) {}
  Using(const Using&) = delete;
  Using& operator=(const Using&) = delete;
  ~Using() { ring_.refuse(); }

 private:
  PartRing& ring_;
};

bool use(Part& part, RecordVisitor visit, DamageVisitor damaged) {
  const bool wanted = std::ranges::all_of(part.records.records(), visit) &&
                      (!part.damage || damaged(part.damage->first, part.damage->second));
  part.records.clear();
  part.damage.reset();
  return wanted;
}

}  // namespace

Result<void> scan_ahead(Scan scan, RecordVisitor visit, DamageVisitor damaged) {
  PartRing ring;
  auto scanned = std::async(std::launch::async, [&] {
    Filling filling(ring);
    auto result = scan([&](const RecordView& record) { return filling.add(record); },
                       [&](OffsetRange stretch, const Error& error) { return filling.add(stretch, error); });
    filling.pass_on();
    return result;
  });
  {
    const Using end(ring);
    for (Part* part = ring.next_to_use(); part != nullptr && use(*part, visit, damaged); part = ring.next_to_use()) {
      ring.has_used();
    }
  }
  return scanned.get();
}

}  // namespace tidemark
