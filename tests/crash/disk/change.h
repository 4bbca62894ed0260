// What a process did to a directory, one I/O call each, in the order in which the kernel saw them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tidemark::crash {

/// A file's identity, whatever it is called at the moment (an inode).
using FileId = std::uint32_t;

struct Change {
  enum class Kind : std::uint8_t {
    write,           // `bytes` at `offset` of `file`
    resize,          // `file` has `offset` bytes
    sync,            // `file` was flushed, and that was answered with success
    sync_failed,     // flushing `file` failed: the kernel calls its pages clean, and may have lost them
    create,          // `path` is `file`
    make_directory,  // `path`
    move,            // `path` is now called `to`, whatever was called that before
    remove,          // `path`
    sync_directory,  // `path` was flushed
  };

  Kind kind{};
  std::uint64_t position = 0;  // how many changes there were before it
  FileId file = 0;
  std::uint64_t offset = 0;
  std::string bytes;
  std::string path, to;  // relative to the disk's root, e.g. "db/CURRENT"; the root itself is ""
};

/// Shared, because the disk keeps those that are not flushed yet.
using Trace = std::vector<std::shared_ptr<const Change>>;

}  // namespace tidemark::crash
