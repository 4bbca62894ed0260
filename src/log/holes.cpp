#include "src/log/holes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "src/base/crc32c.h"

namespace tidemark {
namespace {

std::string line_of(OffsetRange range) {
  const auto text = fmt::format("{}-{}", range.first.value(), range.last.value());
  return fmt::format("{} {:08x}", text, crc32c(0, text));
}

std::optional<OffsetRange> parse(std::string_view line) {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  const auto* const end = line.data() + line.size();
  const auto [dash, wrong] = std::from_chars(line.data(), end, first);
  if (wrong != std::errc{} || dash == end) return std::nullopt;
  if (std::from_chars(dash + 1, end, last).ec != std::errc{}) return std::nullopt;
  const OffsetRange range{Offset(first), Offset(last)};
  if (range.empty() || line != line_of(range)) return std::nullopt;
  return range;
}

std::unexpected<Error> failure(std::string_view doing, const std::filesystem::path& file) {
  return fail(errno == ENOSPC ? ErrorCode::out_of_space : ErrorCode::io,
              fmt::format("cannot {} {}: {}; check its permissions and the disk", doing, file.string(),
                          std::generic_category().message(errno)));
}

}  // namespace

void Holes::add(OffsetRange range) {
  if (range.empty()) return;
  // The first that reaches up to `range` or beyond, and the first that begins behind it without touching.
  const auto begin = std::ranges::lower_bound(ranges_, range.first.previous(), {}, &OffsetRange::last);
  auto end = begin;
  for (; end != ranges_.end() && end->first <= range.last.next(); ++end) {
    range = {std::min(range.first, end->first), std::max(range.last, end->last)};
  }
  if (begin == end) {
    ranges_.insert(begin, range);
    return;
  }
  *begin = range;
  ranges_.erase(begin + 1, end);
}

void Holes::add(const Holes& others) {
  for (const OffsetRange& range : others.ranges_) add(range);
}

bool Holes::contains(Offset offset) const {
  const auto found = std::ranges::lower_bound(ranges_, offset, {}, &OffsetRange::last);
  return found != ranges_.end() && found->contains(offset);
}

std::optional<OffsetRange> Holes::at_or_after(Offset from) const {
  const auto found = std::ranges::lower_bound(ranges_, from, {}, &OffsetRange::last);
  if (found == ranges_.end()) return std::nullopt;
  return OffsetRange{std::max(from, found->first), found->last};
}

std::uint64_t Holes::size() const {
  std::uint64_t sum = 0;
  for (const OffsetRange& range : ranges_) sum += range.size();
  return sum;
}

std::uint64_t Holes::records_in(OffsetRange range) const {
  std::uint64_t sum = 0;
  for (const OffsetRange& part : rest_of(range)) sum += part.size();
  return sum;
}

Offset Holes::before_newest(OffsetRange range, std::uint64_t count) const {
  const auto parts = rest_of(range);
  for (auto part = parts.rbegin(); part != parts.rend() && count > 0; ++part) {
    if (part->size() >= count) return Offset(part->last.value() - count + 1);
    count -= part->size();
  }
  return range.first;
}

std::vector<OffsetRange> Holes::rest_of(OffsetRange range) const {
  std::vector<OffsetRange> rest;
  auto hole = std::ranges::lower_bound(ranges_, range.first, {}, &OffsetRange::last);
  for (; hole != ranges_.end() && hole->first <= range.last; ++hole) {
    if (range.first < hole->first) rest.push_back({range.first, hole->first.previous()});
    range.first = hole->last.next();
  }
  if (!range.empty()) rest.push_back(range);
  return rest;
}

std::string missing_text(OffsetRange range) {
  if (range.first == range.last) return fmt::format("the record at offset {} is missing", range.first.value());
  return fmt::format("the records at offsets {} to {} are missing", range.first.value(), range.last.value());
}

Result<Holes> read_holes(const std::filesystem::path& directory) {
  const auto file = directory / kHolesFileName;
  std::error_code status_error;
  if (!std::filesystem::exists(file, status_error) && !status_error) return Holes();
  errno = 0;
  std::ifstream in(file);
  Holes holes;
  for (std::string line; std::getline(in, line);) {
    const auto range = parse(line);
    if (!range) return fail(ErrorCode::corrupt, fmt::format("{} is damaged at \"{}\"", file.string(), line));
    holes.add(*range);
  }
  if (!in.eof()) return failure("read", file);
  return holes;
}

Result<void> write_holes(const std::filesystem::path& directory, const Holes& holes) {
  const auto file = directory / kHolesFileName;
  std::string text;
  for (const OffsetRange& range : holes.ranges()) text += line_of(range) + '\n';
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return failure("write", file);
  const bool written =
      ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
  const auto error = failure("write", file);
  ::close(descriptor);
  if (!written) return error;
  return {};
}

}  // namespace tidemark
