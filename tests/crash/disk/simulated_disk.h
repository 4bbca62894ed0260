// A disk that may lose power: what is on its platter for sure, and what is only in the kernel's cache.
//
// Fed with the changes a process made, it answers what a directory could hold after a power cut. The rules:
// * A flush (fsync, fdatasync) that was answered with success is honoured in full. Nothing else is: sync_file_range,
//   closing and time make nothing durable.
// * Of a file with unflushed changes each 512-byte sector is, independently, as it was after any number of those changes
//   (none, some, all), and so is the file's size: writes are dropped, torn and reordered, within a file and between
//   files. Bytes within one sector are not torn: a disk writes a sector whole or not at all.
// * Creating, renaming and deleting becomes durable when the directory is flushed. Until then the directory is as it
//   was after any number of these operations, in the order in which they were made, as journaling file systems keep it.
//   A rename is one step. Flushing a file does not make its name durable.
// * After a flush failed, what it concerned may be lost for good: a later flush answers success and does not cover it,
//   unless the sector was written again (what Linux does: the page is marked clean).
//
// A value; one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/crash/disk/change.h"
#include "tests/crash/disk/dice.h"

namespace tidemark::crash {

/// A directory tree's content.
struct Image {
  std::set<std::string> directories;  // without the root
  std::map<std::string, std::string> files;

  /// Makes `root`, which is emptied first, look like this.
  void write_to(const std::filesystem::path& root) const;
};

/// What becomes of that which was not flushed when the power went.
enum class Survival : std::uint8_t {
  nothing,         // all of it is lost
  everything,      // all of it is there
  prefix,          // all up to some moment, the write at that moment torn
  prefix_of_each,  // the same, but another moment for each file and for the directories
  scattered,       // each sector as it was at some moment of its own
  few_lost,        // nearly everything is there
};
inline constexpr int kSurvivals = 6;
[[nodiscard]] const char* name(Survival survival);

/// Files that are called so are memory shared between processes: not on any disk, and after a power cut gone.
[[nodiscard]] bool is_shared_memory(const std::string& path);

class SimulatedDisk {
 public:
  SimulatedDisk() = default;
  /// A disk that holds `image`, all of it durable.
  explicit SimulatedDisk(const Image& image);

  /// Changes must come in the order in which they were made.
  void apply(const std::shared_ptr<const Change>& change);

  /// A disk that answers success to flushes and does not do them; the files called so excepted.
  void lie_about_flushes(std::string except) { honest_file_ = std::move(except), lies_ = true; }
  /// The file's unflushed changes survive whatever happens to the others.
  void always_keep(std::string path) { kept_file_ = std::move(path); }

  /// What is there after a power cut.
  [[nodiscard]] Image survive(Dice& dice, Survival survival) const;
  /// What the running process sees: also what is there after a mere kill -9.
  [[nodiscard]] Image current() const;

  [[nodiscard]] const std::map<std::string, FileId>& names() const { return current_names_.files; }
  [[nodiscard]] const std::set<std::string>& directories() const { return current_names_.directories; }
  [[nodiscard]] FileId next_file() const { return next_file_; }
  /// Whether anything could be lost at all.
  [[nodiscard]] bool has_unflushed() const;

 private:
  using Changes = std::vector<std::shared_ptr<const Change>>;
  struct File {
    std::string durable;
    Changes pending;                             // writes and resizes since the last flush
    std::map<std::uint64_t, std::string> stuck;  // sector number: its bytes, which a failed flush may have lost
  };
  struct Names {
    std::set<std::string> directories;
    std::map<std::string, FileId> files;
    void apply(const Change& change);
  };
  /// Which of a file's pending changes are in a sector, or in its size.
  class Versions;

  [[nodiscard]] static std::string assemble(const File& file, bool with_stuck, const Versions& versions);
  [[nodiscard]] static std::string content(const File& file);
  void flush(File& file);
  void fail_flush(File& file);
  void flush_directory(const std::string& directory);
  [[nodiscard]] Names surviving_names(Dice& dice, Survival survival, std::uint64_t moment) const;
  [[nodiscard]] std::uint64_t draw_moment(Dice& dice) const;

  std::map<FileId, File> files_;
  Names durable_names_, current_names_;
  Changes pending_names_;
  FileId next_file_ = 1;
  bool lies_ = false;
  std::string honest_file_, kept_file_;
};

}  // namespace tidemark::crash
