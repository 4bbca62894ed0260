#include "src/cli/export_file.h"

#include <fmt/format.h>

#include <iterator>

#include "protocol/json/json.h"
#include "src/base/command_limits.h"
#include "src/base/crc32c.h"
#include "src/base/time_text.h"
#include "src/cli/json_members.h"
#include "src/cli/progress.h"

namespace tidemark::cli {
namespace {

constexpr std::uint64_t kVersion = 1;

/// `header` with or without its line end.
std::string checksum_of(std::string_view header) {
  if (header.ends_with('\n')) header.remove_suffix(1);
  return fmt::format("{:08x}", crc32c(0, header));
}

std::unexpected<Error> refuse(std::string sentence) { return fail(ErrorCode::invalid_argument, std::move(sentence)); }

}  // namespace

std::string export_header(const LogOutline& outline, std::string_view engine, TimeMs now) {
  std::string out = fmt::format(
      R"({{"tidemark_export":{},"epoch":"{}","first":{},"head":{},"engine":"{}","exported":"{}")", kVersion,
      outline.state.epoch.text(), outline.state.first.value(), outline.state.head.value(), engine, time_text(now));
  out += R"(,"holes":[)";
  for (const OffsetRange& hole : outline.holes.ranges()) {
    fmt::format_to(std::back_inserter(out), R"({}{{"from":{},"to":{}}})", out.ends_with('[') ? "" : ",",
                   hole.first.value(), hole.last.value());
  }
  out += R"(],"losses":[)";
  for (const auto& [channel, last] : outline.losses) {
    out += out.ends_with('[') ? R"({"channel":)" : R"(,{"channel":)";
    json::append_string(out, channel);
    fmt::format_to(std::back_inserter(out), R"(,"last":{}}})", last.value());
  }
  return out + "]}\n";
}

std::string export_end(const RecordDigest& digest, std::string_view header) {
  return fmt::format(R"({{"end":{{"records":{},"checksum":"{:08x}","first_line":"{}"}}}})"
                     "\n",
                     digest.records(), digest.sum(), checksum_of(header));
}

Result<LogOutline> parse_export_header(std::string_view line) {
  constexpr std::string_view kNone = "is no export of tidemark: its first line must begin with {\"tidemark_export\":1,";
  const auto header = JsonMembers::of(line);
  const auto version = header ? header->number("tidemark_export") : std::nullopt;
  if (!version) return refuse(std::string(kNone));
  if (*version != kVersion) {
    return refuse(fmt::format("is an export of version {}; this tidemark reads version {}", *version, kVersion));
  }
  const auto epoch_text = header->text("epoch");
  const auto epoch = epoch_text ? Epoch::parse(*epoch_text) : std::nullopt;
  const auto first = header->number("first");
  const auto head = header->number("head");
  if (!epoch || !first || !head || *first < 1 || *head > Offset::kMax || *first > *head + 1) {
    return refuse("has a first line that does not say which log it is (epoch, first, head)");
  }
  if (*head > limits::kImportedHead) {
    return refuse(
        fmt::format("ends at offset {}, which leaves no room for what comes after it; up to {} can be imported", *head,
                    limits::kImportedHead));
  }
  LogOutline outline{.state = {*epoch, Offset(*first), Offset(*head)}, .holes = {}, .losses = {}};
  for (const auto& hole : header->objects("holes")) {
    const auto from = hole.number("from");
    const auto to = hole.number("to");
    if (!from || !to || *from < 1 || *from > *to || *to > *head) return refuse("names a hole that is none");
    outline.holes.add({Offset(*from), Offset(*to)});
  }
  if (outline.holes.size() > limits::kImportedHoles) {
    return refuse(fmt::format("leaves out {} offsets in its holes, and at most {} can be imported",
                              outline.holes.size(), limits::kImportedHoles));
  }
  for (const auto& loss : header->objects("losses")) {
    const auto channel = loss.text("channel");
    const auto last = loss.number("last");
    if (!channel || !last || *last < 1 || *last >= *first) return refuse("names a loss that is none");
    outline.losses[*channel] = Offset(*last);
  }
  return outline;
}

std::optional<Result<void>> check_export_end(std::string_view line, const RecordDigest& records,
                                             std::string_view header) {
  if (!line.starts_with(R"({"end":)")) return std::nullopt;
  const auto members = JsonMembers::of(line);
  const auto end = members ? members->object("end") : std::nullopt;
  if (!end) return std::nullopt;
  const auto number = end->number("records");
  const auto sum = end->text("checksum");
  const auto first_line = end->text("first_line");
  if (!number || !sum || !first_line) return std::nullopt;
  if (*number != records.records()) {
    return fail(ErrorCode::corrupt, fmt::format("the export had {} and here are {}", counted(*number, "record"),
                                                grouped(records.records())));
  }
  if (*first_line != checksum_of(header)) {
    return fail(ErrorCode::corrupt, "the first line is not what was exported: its checksum differs");
  }
  if (*sum == fmt::format("{:08x}", records.sum())) return Result<void>();
  return fail(ErrorCode::corrupt, "a record's line is not what was exported: the checksum of all of them differs");
}

}  // namespace tidemark::cli
