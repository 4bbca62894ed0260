// What both fault scripts share: a recorded directory of which one I/O call fails, and the power cuts in between.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "src/base/error.h"
#include "tests/crash/disk/chronicle.h"
#include "tests/crash/disk/oracle.h"
#include "tests/crash/disk/recorder.h"
#include "tests/crash/disk/scratch.h"
#include "tests/crash/disk/simulated_disk.h"

namespace tidemark::crash {

class FaultyDisk {
 public:
  /// An empty directory; calls are counted, and one of them fails, from begin() on.
  FaultyDisk(std::string_view engine, const std::filesystem::path& root, Fault fault, Chronicle& chronicle);
  void begin() { recorder_.inject(fault_); }

  [[nodiscard]] std::filesystem::path log_directory() const;
  [[nodiscard]] bool fails_reads() const { return fault_.how == Fault::How::error_on_read; }

  /// A call of the store failed; it may only have because a call of the disk did. From now on everything works again.
  void must_have_failed(std::string_view what, const Error& error);
  /// Everything works again; says which call failed, if one did.
  void healed();

  /// Runs a check, and once more, when all works again, if it does not pass while the fault is there.
  template <class Check>
  void tolerating(Check check) {
    const auto before = recorder_.faults();
    try {
      return check();
    } catch (const Violation& violation) {
      if (recorder_.faults() == before) throw;
      chronicle_.remark("read: failed");
    }
    healed();
    check();
  }

  /// Were the power cut now, what would be left? Opened elsewhere and compared with what must be there.
  void cut_the_power();

 private:
  const std::string engine_;
  const std::filesystem::path root_;
  const Fault fault_;
  Chronicle& chronicle_;
  SimulatedDisk disk_;
  Recorder recorder_;
  const Scratch remains_;
  Dice dice_;
  bool said_ = false;
};

}  // namespace tidemark::crash
