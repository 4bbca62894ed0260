#include "backends/rocksdb/status.h"

#include <fmt/format.h>

#include "src/log/damage.h"

namespace tidemark::rocks {

bool is_damage(const rocksdb::Status& status) {
  if (status.IsCorruption() || status.IsPathNotFound()) return true;
  // CURRENT is gone. Whether there is a log at all was asked before RocksDB was.
  return status.IsInvalidArgument() && status.ToString().find("(create_if_missing is false)") != std::string::npos;
}

std::string missing_file(const rocksdb::Status& status) {
  const auto text = status.ToString();
  // RocksDB looks for a table by the name of old as well, and that is the one it then names.
  auto end = text.rfind(".ldb");
  if (end == std::string::npos) end = text.rfind(".sst");
  const auto slash = end == std::string::npos ? end : text.rfind('/', end);
  if (slash == std::string::npos) return "a file";
  return text.substr(slash + 1, end - slash - 1) + ".sst";
}

std::unexpected<Error> failure(const rocksdb::Status& status, std::string_view doing,
                               const std::filesystem::path& directory) {
  const auto text = status.ToString();
  const auto sentence = [&](std::string_view advice) {
    return fmt::format("cannot {} {}: {}; {}", doing, directory.string(), text, advice);
  };
  // What RocksDB was doing, without the name of the directory: that may be /srv/syncthing.
  auto doing_what = text;
  for (const auto name = directory.string(); !name.empty() && doing_what.find(name) != std::string::npos;) {
    doing_what.erase(doing_what.find(name), name.size());
  }
  // A flush that failed, of a file or of its directory, is not waited out, whatever the reason: what it was for is in the
  // file, and writing it once more would put it there twice (after which RocksDB's assertions end every start).
  if (status.IsNoSpace() && doing_what.find("sync") == std::string::npos) {
    return fail(ErrorCode::out_of_space, sentence("make room on its disk"));
  }
  if (is_damage(status)) return fail(ErrorCode::corrupt, sentence(kDamageAdvice));
  const bool of_lock = status.IsIOError() && text.find("/LOCK:") != std::string::npos;
  // What the kernel says if another process has it, and what RocksDB says if this one does.
  if (of_lock && (text.find("unavailable") != std::string::npos || text.find("lock hold by") != std::string::npos)) {
    return fail(ErrorCode::locked, sentence("close the other program that has it open"));
  }
  if (text.find("Permission denied") != std::string::npos || text.find("Read-only") != std::string::npos) {
    return fail(ErrorCode::io, sentence("check the owner and permissions of its files"));
  }
  return fail(ErrorCode::io, sentence("check the disk and the kernel's log"));
}

}  // namespace tidemark::rocks
