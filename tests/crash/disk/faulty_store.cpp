#include "tests/crash/disk/faulty_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "src/log/channel_index.h"
#include "src/log/rebuild.h"
#include "tests/crash/disk/engine.h"
#include "tests/crash/disk/faulty_disk.h"
#include "tests/crash/disk/oracle.h"
#include "tests/crash/disk/workload.h"

namespace tidemark::crash {
namespace {

class Script {
 public:
  Script(std::string_view engine, const std::filesystem::path& root, Fault fault, Chronicle& chronicle)
      : engine_(engine), disk_(engine, root, fault, chronicle), chronicle_(chronicle) {}

  void run() {
    disk_.begin();
    open();
    append(3, 100, segment_last(0).value() - 20);
    append(30, 100);  // finishes segment 0
    append(1, 60'000);
    read();
    trim(chronicle_.now().records[10].offset);
    for (int i = 0; i < 4; ++i) append(3, 40'000);  // reaches a checkpoint
    append(1, 10);
    verify();
    reopen();
    append(2, 200);
    trim(chronicle_.now().head.next());
    append(2, 200);
    store_->close();
    store_.reset();
    disk_.healed();
    open();
    append(1, 10);
    store_->close();
    store_.reset();
    disk_.cut_the_power();
  }

 private:
  void open() {
    auto opened = open_engine(engine_, disk_.log_directory(), Epoch(++epochs_));
    if (!opened) {
      chronicle_.remark(fmt::format("open: {}", name(opened.error().code)));
      disk_.cut_the_power();
      disk_.must_have_failed("opening", opened.error());
      opened = open_engine(engine_, disk_.log_directory(), Epoch(++epochs_));
      if (!opened) throw Violation(fmt::format("it does not open when all is well again: {}", opened.error().context));
    }
    store_ = std::move(*opened);
    disk_.tolerating([&] {
      const auto checked = check_store(*store_, chronicle_.expectation());
      chronicle_.opened(store_->state().epoch, checked.under_way_was_there);
    });
    disk_.tolerating([&] {
      auto rebuilt = rebuild(*store_, limits::kDedupeWindowRecords, holes_everywhere());
      if (!rebuilt) throw Violation(fmt::format("the index cannot be rebuilt: {}", rebuilt.error().context));
      index_ = std::move(rebuilt->index);
    });
  }

  void reopen() {
    store_->close();
    store_.reset();
    open();
  }

  [[nodiscard]] Attempt draw(std::uint64_t count, std::size_t payload_max, std::uint64_t first) {
    Attempt attempt;
    const auto next = chronicle_.now().head.next();
    attempt.records = draw_records(dice_, std::max(next, Offset(first)), count, payload_max);
    stage(*index_, attempt.records);
    attempt.segments = index_->finished();
    index_->rollback();
    return attempt;
  }

  [[nodiscard]] Result<void> store(const Attempt& attempt) {
    if (attempt.before) return store_->trim(*attempt.before, loss_views(attempt.losses));
    return store_->append(record_views(attempt.records), attempt.segments);
  }

  void acknowledged(const Attempt& attempt) {
    chronicle_.succeeded();
    stage(*index_, attempt.records);
    index_->commit();
    if (!attempt.records.empty() && store_->state().head != attempt.records.back().offset) {
      throw Violation("the head is not what was appended last");
    }
  }

  void append(std::uint64_t count, std::size_t payload_max, std::uint64_t first = 0) {
    change("append", [&] { return draw(count, payload_max, first); });
  }

  void trim(Offset before) {
    change("trim", [&] {
      Attempt attempt;
      attempt.before = std::min(before, chronicle_.now().head.next());
      attempt.losses = losses_below(chronicle_.now().records, *attempt.before);
      return attempt;
    });
  }

  /// Asks for a change and, where it fails, whether the store keeps to the contract.
  template <class Draw>
  void change(std::string_view what, Draw draw_attempt) {
    const Attempt attempt = draw_attempt();
    chronicle_.attempt(attempt);
    auto done = store(attempt);
    if (done) return acknowledged(attempt);
    const auto code = done.error().code;
    chronicle_.remark(fmt::format("{}: {}", what, name(code)));
    disk_.cut_the_power();
    if (code == ErrorCode::out_of_space && !attempt.before) {
      // The disk may be full for long: the log goes on asking, and its readers go on reading.
      done = store(attempt);
      if (done) return acknowledged(attempt);
      check_reads();
      if (done.error().code != ErrorCode::out_of_space) return broken(what, done.error(), attempt, draw_attempt);
    }
    disk_.must_have_failed(what, done.error());
    if (code == ErrorCode::out_of_space) {
      // An append that failed so left nothing; a trim may have come part of the way.
      if (!attempt.before) chronicle_.failed();
      check_reads();
      if (!attempt.before) chronicle_.attempt(attempt);
      done = store(attempt);
      if (!done) {
        throw Violation(
            fmt::format("with room again, {} fails: {} ({})", what, done.error().context, name(done.error().code)));
      }
      return acknowledged(attempt);
    }
    broken(what, done.error(), attempt, draw_attempt);
  }

  /// The store is to be opened again. So it appends nothing any more, even when all is well again.
  template <class Draw>
  void broken(std::string_view what, const Error& error, const Attempt& attempt, Draw draw_attempt) {
    disk_.must_have_failed(what, error);
    // A disk that cannot read a page may well look like one that reads a wrong one.
    if (error.code != ErrorCode::io && !(error.code == ErrorCode::corrupt && disk_.fails_reads())) {
      throw Violation(fmt::format("{} answers {}: {}", what, name(error.code), error.context));
    }
    check_reads();
    if (!attempt.before && store_->append(record_views(attempt.records), attempt.segments)) {
      throw Violation("it appends again after io");
    }
    reopen();
    disk_.cut_the_power();  // what it found, it serves
    change(what, draw_attempt);
  }

  /// What was acknowledged can be read from the store that failed; a trim under way may have come part of the way.
  void check_reads() {
    auto wanted = chronicle_.now().records;
    if (const auto& under_way = chronicle_.under_way(); under_way && under_way->before) {
      const auto first = std::min(store_->state().first, *under_way->before);
      std::erase_if(wanted, [&](const Record& record) { return record.offset < first; });
    }
    std::size_t next = 0;
    const auto scanned = store_->scan(
        Offset(), chronicle_.now().head, Direction::forward, {1'000'000, 1U << 30}, [&](const RecordView& record) {
          while (next < wanted.size() && wanted[next].offset < record.offset) ++next;
          if (next >= wanted.size() || wanted[next].view() != record) {
            throw Violation(fmt::format("after the failure offset {} reads differently", record.offset.value()));
          }
          ++next;
          return true;
        });
    if (!scanned) throw Violation(fmt::format("what was acknowledged cannot be read: {}", scanned.error().context));
    if (next != wanted.size()) throw Violation("after the failure acknowledged records are not read");
  }

  void read() {
    disk_.tolerating([&] { check_reads(); });
  }

  void verify() {
    disk_.tolerating([&] { static_cast<void>(check_store(*store_, chronicle_.expectation())); });
    static_cast<void>(store_->stats());
  }

  const std::string engine_;
  FaultyDisk disk_;
  Chronicle& chronicle_;
  Dice dice_{7};
  std::uint64_t epochs_ = 0;
  std::unique_ptr<LogStore> store_;
  std::unique_ptr<ChannelIndex> index_;
};

}  // namespace

void work_on_faulty_store(std::string_view engine, const std::filesystem::path& root, Fault fault,
                          Chronicle& chronicle) {
  Script(engine, root, fault, chronicle).run();
}

}  // namespace tidemark::crash
