#include "src/cli/export_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "protocol/record_json.h"
#include "src/base/clock.h"
#include "src/cli/command_end.h"
#include "src/cli/export_file.h"
#include "src/cli/open_log.h"
#include "src/cli/progress.h"

namespace tidemark::cli {
namespace {

constexpr std::uint64_t kBetweenLooks = 1024;  // records

Result<RecordDigest> write_records(LogReader& reader, const LogOutline& outline, Output& output) {
  RecordDigest digest;
  std::optional<Error> damage;
  auto expected = outline.state.first;
  const auto is_whole_up_to = [&](Offset next) {
    if (next != expected && !outline.holes.rest_of({expected, next.previous()}).empty()) {
      damage = Error{ErrorCode::io, fmt::format("the records from offset {} on were trimmed meanwhile; export it again",
                                                expected.value())};
    }
    expected = next.next();
    return !damage;
  };
  Progress progress("exporting");
  const OffsetRange range{outline.state.first, outline.state.head};
  const auto scanned = reader.scan(
      range, {},
      [&](const RecordView& record) {
        if (!is_whole_up_to(record.offset)) return false;
        digest.add(record);
        append_record_json(output.text(), record);
        output.text() += '\n';
        if (digest.records() % kBetweenLooks == 0) {
          progress.update(record.offset.value() - range.first.value(), range.size());
          if (interrupted()) return false;
        }
        return output.settle();
      },
      [&](OffsetRange, const Error& error) {
        damage = error;
        return false;
      });
  if (!scanned) return std::unexpected(scanned.error());
  if (!interrupted() && !damage && output.flush()) is_whole_up_to(range.last.next());
  if (damage) return std::unexpected(*damage);
  return digest;
}

Result<void> run(const CommandOptions& options, Output& output) {
  auto reader = open_log(options);
  if (!reader) return std::unexpected(reader.error());
  const auto outline = outline_of(**reader);
  if (!outline) return std::unexpected(outline.error());
  const auto facts = (*reader)->facts();
  if (!facts) return std::unexpected(facts.error());
  output.text() += export_header(*outline, facts->engine, SystemClock().wall());
  const auto digest = write_records(**reader, *outline, output);
  if (!digest) return std::unexpected(digest.error());
  // Without its last line it is not whole, and import refuses it.
  if (interrupted() || !output.flush()) return {};
  output.text() += export_end(*digest);
  return {};
}

/// A file that gets its name when it is whole.
class NewFile {
 public:
  explicit NewFile(const std::filesystem::path& name) : name_(name), unfinished_(name.string() + ".unfinished") {
    descriptor_ = ::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    error_ = errno;
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    if (!finished_) ::unlink(unfinished_.c_str());
  }

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::unexpected<Error> failure() const {
    return fail(ErrorCode::io, fmt::format("cannot write {}: {}; check its directory, or name another file",
                                           name_.string(), std::strerror(error_)));
  }
  [[nodiscard]] Result<void> finish() {
    finished_ = ::fsync(descriptor_) == 0 && ::rename(unfinished_.c_str(), name_.c_str()) == 0;
    error_ = errno;
    if (finished_) return {};
    return failure();
  }

 private:
  const std::filesystem::path name_, unfinished_;
  int descriptor_ = -1;
  int error_ = 0;
  bool finished_ = false;
};

}  // namespace

int export_log(const CommandOptions& options) {
  note_interruptions();
  if (options.arguments.empty() || options.arguments.front() == "-") {
    Output output(STDOUT_FILENO);
    return end_with(output, run(options, output));
  }
  NewFile file(options.arguments.front());
  if (file.descriptor() < 0) return complain(file.failure().error(), kExitFailure);
  Output output(file.descriptor());
  const int status = end_with(output, run(options, output));
  if (status != kExitOk) return status;
  const auto finished = file.finish();
  return finished ? kExitOk : complain(finished.error(), kExitFailure);
}

}  // namespace tidemark::cli
