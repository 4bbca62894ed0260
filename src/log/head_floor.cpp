#include "src/log/head_floor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "src/base/crc32c.h"
#include "src/base/position.h"

namespace tidemark {
namespace {

// Both are of the same epoch: the first note of a new one writes both.
// "3f9c2a7be01d4c58.17 e3069283", filled up with blanks. The lines stand in different sectors.
constexpr std::size_t kLineBytes = 64;
constexpr off_t kLineDistance = 512;
constexpr int kLines = 2;

std::string line_of(const HeadFloor::Note& note) {
  const auto position = Position{note.epoch, note.head}.text();
  return fmt::format("{:<{}}\n", fmt::format("{} {:08x}", position, crc32c(0, position)), kLineBytes - 1);
}

std::optional<HeadFloor::Note> parse(std::string_view line) {
  const auto position = Position::parse(line.substr(0, line.find(' ')));
  if (!position) return std::nullopt;
  const HeadFloor::Note note{position->epoch, position->offset};
  if (line != line_of(note)) return std::nullopt;
  return note;
}

}  // namespace

HeadFloor::HeadFloor(std::filesystem::path file, int descriptor) : file_(std::move(file)), descriptor_(descriptor) {}

HeadFloor::HeadFloor(HeadFloor&& other) noexcept
    : file_(std::move(other.file_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      noted_(other.noted_),
      next_line_(other.next_line_) {}

HeadFloor::~HeadFloor() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::unexpected<Error> HeadFloor::failure(std::string_view doing) const {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return fail(full ? ErrorCode::out_of_space : ErrorCode::io,
              fmt::format("cannot {} {}: {}; check its permissions and the disk", doing, file_.string(),
                          std::generic_category().message(errno)));
}

Result<std::optional<HeadFloor::Note>> HeadFloor::read(const std::filesystem::path& directory) {
  auto file = directory / kFileName;
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return std::nullopt;
  HeadFloor floor(std::move(file), descriptor);
  if (descriptor < 0) return floor.failure("read");
  if (auto loaded = floor.load(); !loaded) return std::unexpected(loaded.error());
  return floor.noted_;
}

Result<HeadFloor> HeadFloor::open(const std::filesystem::path& directory) {
  auto file = directory / kFileName;
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  HeadFloor floor(std::move(file), descriptor);
  if (descriptor < 0) return floor.failure("open");
  if (auto loaded = floor.load(); !loaded) return std::unexpected(loaded.error());
  return floor;
}

Result<void> HeadFloor::load() {
  for (int line = 0; line < kLines; ++line) {
    std::array<char, kLineBytes> bytes{};
    const auto got = ::pread(descriptor_, bytes.data(), bytes.size(), line * kLineDistance);
    if (got < 0) return failure("read");
    const auto note = parse({bytes.data(), static_cast<std::size_t>(got)});
    if (!note) continue;
    if (noted_ && noted_->head >= note->head) continue;
    noted_ = note;
    next_line_ = (line + 1) % kLines;
  }
  return {};
}

Result<void> HeadFloor::check(Note opened) const {
  if (!noted_ || noted_->epoch != opened.epoch || noted_->head <= opened.head) return {};
  return fail(ErrorCode::corrupt,
              fmt::format("the log in {} ends at offset {} but {} was acknowledged: {} records are missing; restore it "
                          "from a copy, or accept the loss with 'tidemark repair'",
                          file_.parent_path().string(), opened.head.value(), noted_->head.value(),
                          noted_->head.value() - opened.head.value()));
}

Result<void> HeadFloor::note(Note note) {
  const auto text = line_of(note);
  const bool new_epoch = !noted_ || noted_->epoch != note.epoch;
  for (int lines = new_epoch ? kLines : 1; lines > 0; --lines) {
    for (std::size_t done = 0; done < text.size();) {
      const auto written = ::pwrite(descriptor_, text.data() + done, text.size() - done,
                                    next_line_ * kLineDistance + static_cast<off_t>(done));
      if (written <= 0) return failure("write");
      done += static_cast<std::size_t>(written);
    }
    next_line_ = (next_line_ + 1) % kLines;
  }
  noted_ = note;
  return {};
}

bool HeadFloor::is_deleted() const {
  struct stat status {};
  return ::fstat(descriptor_, &status) == 0 && status.st_nlink == 0;
}

Result<void> HeadFloor::flush() {
  if (::fdatasync(descriptor_) != 0) return failure("flush");
  return {};
}

}  // namespace tidemark
