#include "tests/crash/disk/faulty_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/log/dedupe_window.h"
#include "src/log/log.h"
#include "src/log/rebuild.h"
#include "tests/crash/disk/engine.h"
#include "tests/crash/disk/faulty_disk.h"
#include "tests/crash/disk/oracle.h"
#include "tests/crash/disk/workload.h"
#include "tests/unit/log/log_under_test.h"

namespace tidemark::crash {
namespace {

using Status = Outcome::Status;

class Script {
 public:
  Script(std::string_view engine, const std::filesystem::path& root, Fault fault, Chronicle& chronicle)
      : engine_(engine), disk_(engine, root, fault, chronicle), chronicle_(chronicle) {}

  void run() {
    begin_before_a_boundary();
    disk_.begin();
    open_log();
    publish(draw(2, 100));
    publish(draw(1, 50'000));
    publish_twice();
    publish(draw(1, 50'000));
    publish(draw(1, 50'000));
    close_log();
    open_log();
    publish(draw(20, 100));  // finishes the segment
    publish_twice();
    close_log();
    disk_.healed();
    check();
    disk_.cut_the_power();
  }

 private:
  /// One record, so that the ones the log adds cross the end of the first index segment.
  void begin_before_a_boundary() {
    auto opened = open_engine(engine_, disk_.log_directory(), new_epoch());
    if (!opened) throw Violation(opened.error().context);
    chronicle_.opened((*opened)->state().epoch, false);
    Attempt attempt;
    attempt.records.push_back(draw_record(dice_, Offset(segment_last(0).value() - 15), 100));
    chronicle_.attempt(attempt);
    if (auto done = (*opened)->append(record_views(attempt.records), {}); !done) throw Violation(done.error().context);
    chronicle_.succeeded();
  }

  [[nodiscard]] Epoch new_epoch() { return Epoch(++epochs_); }

  [[nodiscard]] Result<void> try_open() {
    auto store = open_engine(engine_, disk_.log_directory(), new_epoch());
    if (!store) return std::unexpected(store.error());
    auto log = Log::open(std::move(*store), {.holes = holes_everywhere()}, clock_);
    if (!log) return std::unexpected(log.error());
    log_ = std::move(*log);
    return {};
  }

  /// What is there is checked past the log, before it is opened.
  void open_log() {
    disk_.tolerating([&] {
      auto store = open_engine(engine_, disk_.log_directory(), new_epoch());
      if (!store) throw Violation(fmt::format("it does not open: {}", store.error().context));
      const auto checked = check_store(**store, chronicle_.expectation());
      auto rebuilt = rebuild(**store, limits::kDedupeWindowRecords, holes_everywhere());
      if (!rebuilt) throw Violation(fmt::format("the index cannot be rebuilt: {}", rebuilt.error().context));
      index_ = std::move(rebuilt->index);
      chronicle_.opened((*store)->state().epoch, checked.under_way_was_there);
    });
    auto opened = try_open();
    if (!opened) {
      chronicle_.remark(fmt::format("open: {}", name(opened.error().code)));
      disk_.must_have_failed("opening the log", opened.error());
      opened = try_open();
      if (!opened) throw Violation(fmt::format("it does not open when all is well again: {}", opened.error().context));
    }
  }

  void close_log() {
    log_->close();
    log_.reset();
    listener_ = std::make_unique<test::CommitRecorder>();
    started_ = false;
  }

  void check() {
    auto opened = open_engine(engine_, disk_.log_directory(), new_epoch());
    if (!opened) throw Violation(fmt::format("at last it does not open: {}", opened.error().context));
    const auto checked = check_store(**opened, chronicle_.expectation());
    chronicle_.opened((*opened)->state().epoch, checked.under_way_was_there);
  }

  [[nodiscard]] std::vector<Draft> draw(std::size_t count, std::size_t payload_max) {
    std::vector<Draft> drafts;
    for (; count > 0; --count) {
      drafts.push_back(test::draft(dice_.bytes(dice_.between(payload_max / 2, payload_max)),
                                   fmt::format("key-{}", ++keys_), fmt::format("/chat/{}", dice_.between(0, 4))));
    }
    return drafts;
  }

  /// What the store is to get for these drafts.
  [[nodiscard]] Attempt expected_of(const std::vector<Draft>& drafts) {
    Attempt attempt;
    auto offset = chronicle_.now().head.next();
    for (const Draft& draft : drafts) {
      Record record(RecordView{offset,
                               {kTime},
                               draft.channel,
                               draft.event,
                               draft.sender,
                               draft.client_key,
                               draft.payload,
                               draft.attachments});
      if (!chronicle_.now().records.empty()) record.time = std::max(record.time, chronicle_.now().records.back().time);
      attempt.records.push_back(std::move(record));
      offset = offset.next();
    }
    stage(attempt);
    attempt.segments = index_->finished();
    index_->rollback();
    return attempt;
  }

  void stage(const Attempt& attempt) {
    for (const Record& record : attempt.records) {
      index_->stage(record.channel, record.offset);
      index_->stage_key(DedupeWindow::hash(record.channel, record.client_key), record.offset);
    }
  }

  /// As one batch where the log was not started yet, else one after the other.
  [[nodiscard]] std::vector<Outcome> outcomes_of(const std::vector<Draft>& drafts) {
    const auto before = listener_->outcomes();
    for (Draft draft : drafts) {
      if (log_->publish(std::move(draft)) != Log::Admission::queued) throw Violation("a draft was refused");
    }
    if (!std::exchange(started_, true)) log_->start(*listener_);
    auto outcomes = listener_->wait_for_outcomes(before + drafts.size());
    outcomes.erase(outcomes.begin(), outcomes.begin() + static_cast<std::ptrdiff_t>(before));
    return outcomes;
  }

  void publish(const std::vector<Draft>& drafts) {
    if (started_ && drafts.size() > 1) {
      for (const Draft& draft : drafts) publish({draft});
      return;
    }
    const auto attempt = expected_of(drafts);
    chronicle_.attempt(attempt);
    if (settle(attempt, outcomes_of(drafts))) return;

    const auto why = log_->why_not_writable();
    if (why.empty()) throw Violation("nothing was stored, and the log does not say why");
    const bool broken = why.ends_with("restart the server");
    chronicle_.remark(broken ? "publish: broken" : "publish: retrying");
    disk_.cut_the_power();
    disk_.must_have_failed("publishing", {ErrorCode::io, why});
    check_reads();
    if (broken) {
      for (const Outcome& outcome : outcomes_of(drafts)) {
        if (outcome.status != Status::failed) throw Violation("a broken log acknowledges");
      }
      close_log();
      open_log();
      disk_.cut_the_power();  // what it found, it serves
      publish_again(drafts, attempt);
      return;
    }
    chronicle_.failed();
    chronicle_.attempt(attempt);
    if (!settle(attempt, outcomes_of(drafts))) {
      throw Violation("with room again, nothing is stored: " + log_->why_not_writable());
    }
    if (!log_->why_not_writable().empty()) throw Violation("it stores, and says that it does not");
  }

  /// The client's retries, after the restart: stored now, or known from before.
  void publish_again(const std::vector<Draft>& drafts, const Attempt& before) {
    const bool there = chronicle_.now().head == before.records.back().offset;
    if (!there) return publish(drafts);
    const auto outcomes = outcomes_of(drafts);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i].status != Status::duplicate || outcomes[i].offset != before.records[i].offset) {
        throw Violation(fmt::format("offset {} is there, and its key is not known", before.records[i].offset.value()));
      }
    }
  }

  /// False: none of them was stored.
  [[nodiscard]] bool settle(const Attempt& attempt, const std::vector<Outcome>& outcomes) {
    const auto stored = std::ranges::count(outcomes, Status::stored, &Outcome::status);
    const auto failed = std::ranges::count(outcomes, Status::failed, &Outcome::status);
    if (failed == std::ssize(outcomes)) return false;
    if (stored != std::ssize(outcomes)) throw Violation("one batch, and different outcomes");
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i].offset != attempt.records[i].offset) {
        throw Violation(
            fmt::format("offset {} was given for {}", outcomes[i].offset.value(), attempt.records[i].offset.value()));
      }
    }
    chronicle_.succeeded();
    stage(attempt);
    index_->commit();
    return true;
  }

  /// A key that is there, once more.
  void publish_twice() {
    const auto& records = chronicle_.now().records;
    const Record& record = records.back();
    const auto again = test::draft("\"again\"", record.client_key, record.channel);
    auto outcome = outcomes_of({again}).front();
    if (outcome.status == Status::failed) {  // the key could not be compared
      chronicle_.remark("duplicate: failed");
      disk_.must_have_failed("comparing a key", {ErrorCode::io, "see the journal"});
      outcome = outcomes_of({again}).front();
      if (outcome.status == Status::failed && !log_->why_not_writable().empty()) {
        close_log();
        open_log();
        outcome = outcomes_of({again}).front();
      }
    }
    if (outcome.status != Status::duplicate || outcome.offset != record.offset) {
      throw Violation(fmt::format("the key of offset {} got {}", record.offset.value(), outcome.offset.value()));
    }
  }

  /// Through the log, what was acknowledged.
  void check_reads() {
    for (int channel = 0; channel < 5; ++channel) {
      const auto name = fmt::format("/chat/{}", channel);
      std::vector<Record> wanted;
      for (const Record& record : chronicle_.now().records) {
        if (record.channel == name) wanted.push_back(record);
      }
      std::vector<Record> found;
      const auto page =
          log_->read_channel(name, Offset(), chronicle_.now().head, {100'000, 1U << 30}, [&](const RecordView& record) {
            found.emplace_back(record);
            return true;
          });
      if (!page) throw Violation(fmt::format("what was acknowledged cannot be read: {}", page.error().context));
      if (found != wanted) throw Violation(fmt::format("{} reads differently after the failure", name));
    }
  }

  static constexpr std::int64_t kTime = 1'000;

  const std::string engine_;
  FaultyDisk disk_;
  Chronicle& chronicle_;
  Dice dice_{11};
  std::uint64_t epochs_ = 0, keys_ = 0;
  const test::ManualClock clock_{kTime};
  std::unique_ptr<test::CommitRecorder> listener_ = std::make_unique<test::CommitRecorder>();
  std::unique_ptr<Log> log_;
  std::unique_ptr<ChannelIndex> index_;
  bool started_ = false;
};

}  // namespace

void work_on_faulty_log(std::string_view engine, const std::filesystem::path& root, Fault fault, Chronicle& chronicle) {
  Script(engine, root, fault, chronicle).run();
}

}  // namespace tidemark::crash
