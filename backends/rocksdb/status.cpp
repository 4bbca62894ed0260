#include "backends/rocksdb/status.h"

#include <fmt/format.h>

namespace tidemark::rocks {

std::unexpected<Error> failure(const rocksdb::Status& status, std::string_view doing,
                               const std::filesystem::path& directory) {
  const auto text = status.ToString();
  const auto sentence = [&](std::string_view advice) {
    return fmt::format("cannot {} {}: {}; {}", doing, directory.string(), text, advice);
  };
  if (status.IsNoSpace()) return fail(ErrorCode::out_of_space, sentence("make room on its disk"));
  if (status.IsCorruption()) return fail(ErrorCode::corrupt, sentence("restore the log from a copy"));
  if (status.IsIOError() && text.find("/LOCK:") != std::string::npos) {
    return fail(ErrorCode::locked, sentence("close the other program that has it open"));
  }
  if (text.find("Permission denied") != std::string::npos || text.find("Read-only") != std::string::npos) {
    return fail(ErrorCode::io, sentence("check the owner and permissions of its files"));
  }
  return fail(ErrorCode::io, sentence("check the disk and the kernel's log"));
}

}  // namespace tidemark::rocks
