#include "tests/crash/disk/faulty_disk.h"

#include <fmt/format.h>

#include <utility>

#include "tests/crash/disk/engine.h"
#include "tests/crash/disk/faulty_store.h"

namespace tidemark::crash {
namespace {

SimulatedDisk prepared(const std::filesystem::path& root) {
  const Image image{{kLogDirectory}, {}};
  image.write_to(root);
  return SimulatedDisk(image);
}

}  // namespace

FaultyDisk::FaultyDisk(std::string_view engine, const std::filesystem::path& root, Fault fault, Chronicle& chronicle)
    : engine_(engine),
      root_(root),
      fault_(fault),
      chronicle_(chronicle),
      disk_(prepared(root)),
      recorder_(root, disk_, 0),
      dice_(fault.nth) {}

std::filesystem::path FaultyDisk::log_directory() const { return root_ / kLogDirectory; }

void FaultyDisk::must_have_failed(std::string_view what, const Error& error) {
  if (recorder_.faults() == 0 || fault_.how == Fault::How::short_write) {
    throw Violation(fmt::format("{} failed though nothing had: {}", what, error.context));
  }
  healed();
}

void FaultyDisk::healed() {
  recorder_.heal();
  const auto faulted = recorder_.faulted();
  if (faulted.empty() || std::exchange(said_, true)) return;
  chronicle_.remark(std::string(kFaulted) + faulted);
}

void FaultyDisk::cut_the_power() {
  for (const auto& change : recorder_.take_trace()) disk_.apply(change);
  for (const auto survival : {Survival::nothing, static_cast<Survival>(dice_.between(0, kSurvivals - 1))}) {
    disk_.survive(dice_, survival).write_to(remains_.path());
    const auto where = fmt::format("the power cut after it, {} survives", name(survival));
    const auto opened = open_engine(engine_, remains_.path() / kLogDirectory, Epoch(1'000));
    if (!opened) throw Violation(fmt::format("{}: it does not open: {}", where, opened.error().context));
    try {
      static_cast<void>(check_store(**opened, chronicle_.expectation()));
    } catch (const Violation& violation) {
      throw Violation(fmt::format("{}: {}", where, violation.what()));
    }
  }
}

}  // namespace tidemark::crash
