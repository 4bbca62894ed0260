#include "tests/crash/disk/power_case.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "src/base/journal.h"
#include "src/log/head_floor.h"
#include "tests/crash/disk/child.h"
#include "tests/crash/disk/engine.h"
#include "tests/crash/disk/faulty_store.h"
#include "tests/crash/disk/oracle.h"
#include "tests/crash/disk/recorder.h"
#include "tests/crash/disk/scratch.h"
#include "tests/crash/disk/workload.h"

namespace tidemark::crash {
namespace {

class Case {
 public:
  Case(std::string_view engine, std::uint64_t seed, Flushes flushes)
      : engine_(engine), dice_(seed), flushes_(flushes), disk_(Image{{kLogDirectory}, {}}) {
    if (flushes_ == Flushes::lied_about) prepare_control();
  }

  PowerTally run() {
    const auto generations = dice_.between(2, 5);
    for (std::uint64_t generation = 1; generation <= generations; ++generation) {
      step_ = fmt::format("generation {}", generation);
      live();
      if (flushes_ == Flushes::lied_about) {
        cut_lying();
        break;
      }
      crash();
    }
    return tally_;
  }

  [[nodiscard]] const std::string& where() const { return step_; }

 private:
  void prepare_control() {
    const auto floor = fmt::format("{}/{}", kLogDirectory, HeadFloor::kFileName);
    disk_.lie_about_flushes(floor);
    disk_.always_keep(floor);
  }

  [[nodiscard]] Epoch new_epoch() { return Epoch(++epochs_); }
  [[nodiscard]] Result<std::unique_ptr<LogStore>> open() {
    return open_engine(engine_, root() / kLogDirectory, new_epoch());
  }
  [[nodiscard]] const std::filesystem::path& root() const { return scratch_.path(); }

  /// Opens what is there, works, closes; all of it is recorded.
  void live() {
    disk_.current().write_to(root());
    Recorder recorder(root(), disk_, position_);
    begun_ = position_;
    Workload workload(
        dice_, [this] { return open(); }, [&recorder] { return recorder.position(); });
    workload.open(expected_);
    for (auto steps = dice_.between(1, 30); steps > 0; --steps) workload.step();
    workload.close();
    position_ = recorder.position();
    trace_ = recorder.take_trace();
    history_ = workload.history();
    if (dice_.chance(1, 4)) check_recording(recorder);
  }

  /// Cuts the power at several places; goes on from the last one, or from a kill -9 there.
  void crash() {
    const auto before = expected_;  // of what was there when this generation began
    std::vector<std::uint64_t> cuts;
    for (auto count = dice_.between(4, 8); count > 0; --count) cuts.push_back(draw_cut());
    std::ranges::sort(cuts);
    auto applied = begun_;
    const auto advance = [&](std::uint64_t cut) {
      for (; applied < cut; ++applied) disk_.apply(trace_[applied - begun_]);
    };
    for (std::size_t i = 0; i < cuts.size(); ++i) {
      const auto cut = cuts[i];
      advance(cut);
      const auto survival = static_cast<Survival>(dice_.between(0, kSurvivals - 1));
      expected_ = expectation(cut, before);
      step_ = fmt::format("cut before I/O call {} of {}..{}, {} survives", cut, begun_, position_, name(survival));
      count();
      auto image = disk_.survive(dice_, survival);
      image.write_to(root());
      check_remains();
      if (i + 1 < cuts.size()) continue;
      if (dice_.chance(1, 4)) {
        ++tally_.kills;  // instead of that cut: the cache stays, and with it what may be lost later
      } else {
        disk_ = SimulatedDisk(image);
      }
    }
  }

  /// Applied to the disk, all that was recorded must give what is there, else a call went by unseen.
  void check_recording(const Recorder& recorder) const {
    auto whole = disk_;
    for (const auto& change : trace_) whole.apply(change);
    if (const auto missed = recorder.missed(whole); !missed.empty()) {
      throw std::logic_error("the recording is incomplete: " + missed);
    }
  }

  [[nodiscard]] std::uint64_t draw_cut() {
    // Many where it hurts: in or soon after opening (creation, recovery), and while a call of the store is under way.
    if (dice_.chance(1, 5)) return dice_.between(begun_, std::min(position_, begun_ + 60));
    const auto& attempts = history_.attempts();
    if (!attempts.empty() && dice_.chance(1, 2)) {
      const auto& attempt = attempts[dice_.between(0, attempts.size() - 1)];
      return dice_.between(attempt.begun, attempt.returned);
    }
    return dice_.between(begun_, position_);
  }

  /// Before this generation's opening returned, what the one before left is what counts.
  [[nodiscard]] Expectation expectation(std::uint64_t cut, const Expectation& before) const {
    auto expected = history_.at(cut);
    return expected.epoch ? expected : before;
  }

  void count() {
    ++tally_.cuts;
    if (disk_.has_unflushed()) ++tally_.lossy_cuts;
    if (!expected_.epoch) ++tally_.in_creation;
    if (expected_.under_way) ++(expected_.under_way->before ? tally_.in_trim : tally_.in_append);
    tally_.records += expected_.acknowledged.records.size();
  }

  void check_remains() {
    auto opened = open();
    if (!opened) throw Violation(fmt::format("it does not open: {}", opened.error().context));
    const auto checked = check_store(**opened, expected_);
    if (checked.under_way_was_there) ++tally_.under_way_kept;
    check_log(std::move(*opened), checked.contents, dice_);
  }

  /// The control group. Where acknowledged records are gone, opening must refuse the log: the head floor is there.
  void cut_lying() {
    for (const auto& change : trace_) disk_.apply(change);
    const auto expected = history_.at(position_);
    for (int i = 0; i < kSurvivals; ++i) {
      const auto survival = static_cast<Survival>(i);
      step_ = fmt::format("cut of a lying disk, {} survives", name(survival));
      ++tally_.cuts;
      disk_.survive(dice_, survival).write_to(root());
      const auto opened = open();
      if (!opened) {
        ++tally_.refused;
        continue;
      }
      try {
        static_cast<void>(check_store(**opened, expected));
      } catch (const Violation&) {
        const auto state = (*opened)->state();
        if (state.epoch != *expected.epoch) {
          ++tally_.begun_anew;
        } else {
          ++(state.head < expected.acknowledged.head ? tally_.shorter : tally_.told_by_check);
        }
      }
    }
  }

  const std::string engine_;
  Dice dice_;
  const Flushes flushes_;
  const Scratch scratch_;
  SimulatedDisk disk_;
  std::uint64_t position_ = 0, begun_ = 0;
  std::uint64_t epochs_ = 0;
  Expectation expected_;
  Trace trace_;
  History history_;
  PowerTally tally_;
  std::string step_;
};

}  // namespace

// Name and value of every counter, so that a tally can travel as text.
template <class Tally, class Visit>
static void for_each_counter(Tally& tally, Visit visit) {
  visit("cuts", tally.cuts);
  visit("kills", tally.kills);
  visit("lossy", tally.lossy_cuts);
  visit("in-append", tally.in_append);
  visit("in-trim", tally.in_trim);
  visit("in-creation", tally.in_creation);
  visit("under-way-kept", tally.under_way_kept);
  visit("records", tally.records);
  visit("refused", tally.refused);
  visit("begun-anew", tally.begun_anew);
  visit("shorter", tally.shorter);
  visit("told-by-check", tally.told_by_check);
}

void PowerTally::add(const PowerTally& other) {
  std::vector<std::uint64_t> values;
  for_each_counter(other, [&](const char*, std::uint64_t value) { values.push_back(value); });
  std::size_t next = 0;
  for_each_counter(*this, [&](const char*, std::uint64_t& value) { value += values[next++]; });
}

std::string PowerTally::text() const {
  std::string text;
  for_each_counter(*this, [&](const char* name, std::uint64_t value) { text += fmt::format("{} {} ", name, value); });
  return text;
}

PowerTally PowerTally::parse(const std::string& text) {
  PowerTally tally;
  std::istringstream in(text);
  std::string name;
  for_each_counter(tally, [&](const char*, std::uint64_t& value) { in >> name >> value; });
  return tally;
}

PowerTally run_power_case(std::string_view engine, std::uint64_t seed, Flushes flushes) {
  Case one(engine, seed, flushes);
  try {
    return one.run();
  } catch (const Violation& violation) {
    throw Violation(fmt::format("{}: {}", one.where(), violation.what()));
  }
}

PowerResult run_power_case_apart(std::string_view engine, std::uint64_t seed, Flushes flushes) {
  const auto ended = in_child([&](const Tell& tell) { tell(run_power_case(engine, seed, flushes).text()); });
  if (ended.death.empty() && ended.exception.empty()) return {PowerTally::parse(ended.told), {}};
  const auto what = ended.exception.empty() ? fmt::format("{}: {}", ended.death, ended.said) : ended.exception;
  return {{},
          fmt::format("./dev crash power --backend {} --cases 1 --seed {}{}: {}", engine, seed,
                      flushes == Flushes::lied_about ? " --lying" : "", what)};
}

}  // namespace tidemark::crash
