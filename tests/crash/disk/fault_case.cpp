#include "tests/crash/disk/fault_case.h"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "tests/crash/disk/child.h"
#include "tests/crash/disk/chronicle.h"
#include "tests/crash/disk/engine.h"
#include "tests/crash/disk/faulty_log.h"
#include "tests/crash/disk/faulty_store.h"
#include "tests/crash/disk/oracle.h"
#include "tests/crash/disk/scratch.h"

namespace tidemark::crash {
namespace {

using How = Fault::How;

constexpr FaultKind kKinds[] = {
    {"EIO once", {.error = EIO}},
    {"EIO from then on", {.error = EIO, .for_good = true}},
    {"ENOSPC once", {.error = ENOSPC}},
    {"ENOSPC from then on", {.error = ENOSPC, .for_good = true}},
    {"short write", {.how = How::short_write}},
    {"torn write, EIO", {.error = EIO, .how = How::torn_write}},
    {"torn write, ENOSPC from then on", {.error = ENOSPC, .how = How::torn_write, .for_good = true}},
    {"EIO once on reading", {.error = EIO, .how = How::error_on_read}},
};

/// The last line that was said, for a person.
std::string last_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text.substr(text.rfind('\n') + 1));
}

std::string line_that_begins(std::string_view beginning, std::string_view text) {
  const auto at = text.find(beginning);
  if (at == std::string_view::npos) return {};
  const auto line = text.substr(at + beginning.size());
  return std::string(line.substr(0, line.find('\n')));
}

/// The process is gone; what it left is opened by another one.
std::string check_after_death(std::string_view engine, const Scratch& scratch, const Chronicle& chronicle) {
  const auto ended = in_child([&](const Tell&) {
    auto opened = open_engine(engine, scratch.path() / kLogDirectory, Epoch(99));
    if (!opened) throw Violation(fmt::format("it does not open: {}", opened.error().context));
    const auto checked = check_store(**opened, chronicle.expectation());
    Dice dice(1);
    check_log(std::move(*opened), checked.contents, dice);
  });
  if (!ended.death.empty()) return fmt::format("and opening it again {}: {}", ended.death, last_line(ended.said));
  return ended.exception.empty() ? "" : "after the process had gone: " + ended.exception;
}

}  // namespace

const char* name(Level level) { return level == Level::store ? "store" : "log"; }

std::span<const FaultKind> fault_kinds() { return kKinds; }

FaultResult run_fault_case(std::string_view engine, Level level, const FaultKind& kind, std::uint64_t nth) {
  const Scratch scratch;
  auto fault = kind.fault;
  fault.nth = nth;
  const auto ended = in_child([&](const Tell& tell) {
    Chronicle chronicle(tell);
    if (level == Level::store) {
      work_on_faulty_store(engine, scratch.path(), fault, chronicle);
    } else {
      work_on_faulty_log(engine, scratch.path(), fault, chronicle);
    }
  });
  const auto chronicle = Chronicle::read(ended.told);
  FaultResult result;
  for (const auto& remark : chronicle.remarks()) {
    if (remark.starts_with(kFaulted)) {
      result.reached = true;
      result.faulted = remark.substr(kFaulted.size());
    } else {
      result.seen.insert(remark);
    }
  }
  if (!ended.exception.empty()) result.failure = ended.exception;
  if (!ended.death.empty()) {
    result.reached = true;
    result.faulted = line_that_begins(kFaultedLine, ended.said);
    result.death = fmt::format("{}: {}", ended.death, last_line(ended.said));
    result.failure = check_after_death(engine, scratch, chronicle);
  }
  return result;
}

}  // namespace tidemark::crash
