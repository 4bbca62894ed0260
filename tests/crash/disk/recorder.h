// Sits between the engines and the kernel: records what they do to the files of one directory, and fails what it is
// told to fail.
//
// The test program defines open, pwrite, fdatasync, rename and the like itself (intercepted_calls.cpp), so that the
// calls of libsqlite3, librocksdb and our own code (the head floor, the directory flush) all come by here, one layer
// below a SQLite VFS or a RocksDB file system: no engine needs a seam for it, errors are real errno values that go
// through the engine's own mapping, and what is recorded is what the kernel was asked for. A file that was changed in a
// way that did not come by here is noticed: missed() compares.
//
// One recorder records at a time; it belongs to the thread of the test. The calls come from any thread and are put in
// one order.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/crash/disk/change.h"
#include "tests/crash/disk/simulated_disk.h"

namespace tidemark::crash {

/// Which call is to fail, and how. Counted are the calls that change something beneath the directory: opening, writing,
/// resizing, reserving, flushing, renaming, deleting, making a directory, mapping.
struct Fault {
  enum class How : std::uint8_t {
    error,          // fails with `error` and does nothing
    short_write,    // a write does half of it and says so; other calls work
    torn_write,     // a write does half of it, and the one after it fails with `error`; other calls fail with it
    error_on_read,  // counted are only the calls that read
  };
  std::uint64_t nth = 0;  // 1: the first call; 0: none
  int error = 0;          // errno. ENOSPC: only calls that can need space are counted
  How how = How::error;
  bool for_good = false;       // every later one, too, until heal()
  std::string_view only = {};  // count only calls on files whose names end so
};

/// The first fault is also said on standard error, in a line that begins so.
inline constexpr std::string_view kFaultedLine = "the fault: ";

class Recorder {
 public:
  /// `root` is a real directory that looks as `disk` does at the moment.
  Recorder(std::filesystem::path root, const SimulatedDisk& disk, std::uint64_t position);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  ~Recorder();

  /// How many changes there have been, also before this recorder.
  [[nodiscard]] std::uint64_t position() const;
  [[nodiscard]] Trace take_trace();

  void inject(Fault fault);
  /// From now on everything works again.
  void heal();
  /// What failed, e.g. "fdatasync of db/000004.log (call 17, errno 5)"; nothing if the fault was not reached.
  [[nodiscard]] std::string faulted() const;
  /// How many calls failed.
  [[nodiscard]] std::uint64_t faults() const;

  /// Names what differs between the real files and `disk`, which saw all that was recorded; empty if nothing does.
  [[nodiscard]] std::string missed(const SimulatedDisk& disk) const;

  // The calls, as the kernel would answer them: -1 and errno, or the result. Nothing: not ours, pass it on.
  std::optional<int> open(const char* path, int flags, mode_t mode);
  void close(int descriptor);
  std::optional<ssize_t> write(int descriptor, const void* bytes, std::size_t size, std::optional<off_t> offset);
  std::optional<ssize_t> read(int descriptor);
  std::optional<int> resize(int descriptor, off_t size);
  std::optional<int> reserve(int descriptor, int mode, off_t offset, off_t size);
  std::optional<int> sync(int descriptor, long call);
  std::optional<int> rename(const char* from, const char* to);
  std::optional<int> remove(const char* path, int flags);
  std::optional<int> make_directory(const char* path, mode_t mode);
  /// True: the mapping fails, errno is set.
  bool map_fails(int descriptor);

  /// The one that records; null: none does.
  [[nodiscard]] static Recorder* active();

 private:
  struct OpenFile {
    FileId file = 0;
    std::string path;
    bool directory = false;
    // A stream (fdopen, fclose) closes its descriptor inside of the C library, unseen, and the number is used again.
    dev_t device = 0;
    ino_t inode = 0;
  };
  enum class Need : std::uint8_t { space, anything };

  [[nodiscard]] std::optional<std::string> inside(const char* path) const;
  [[nodiscard]] const OpenFile* find(int descriptor);
  void remember(int descriptor, FileId file, std::string path);
  void record(Change change);
  /// Counts the call; the errno it is to fail with, if it is.
  [[nodiscard]] std::optional<int> fails(const char* call, const std::string& path, Need need);
  [[nodiscard]] bool hit(const char* call, const std::string& path);

  const std::filesystem::path root_;
  mutable std::mutex mutex_;  // guards all below
  std::map<std::string, FileId> names_;
  std::set<std::string> directories_;
  FileId next_file_;
  std::map<int, OpenFile> open_;
  Trace trace_;
  std::uint64_t position_;
  Fault fault_;
  std::uint64_t calls_ = 0;
  std::uint64_t faults_ = 0;
  bool torn_ = false;  // the next write fails
  std::string faulted_;
};

}  // namespace tidemark::crash
