#include "src/cli/export_file.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "protocol/json/json.h"
#include "src/base/time_text.h"
#include "src/cli/json_members.h"

namespace tidemark::cli {
namespace {

constexpr std::uint64_t kVersion = 1;

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

std::string export_end(const RecordDigest& digest) {
  return fmt::format(R"({{"end":{{"records":{},"checksum":"{:08x}"}}}})"
                     "\n",
                     digest.records(), digest.sum());
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
  LogOutline outline{.state = {*epoch, Offset(*first), Offset(*head)}, .holes = {}, .losses = {}};
  for (const auto& hole : header->objects("holes")) {
    const auto from = hole.number("from");
    const auto to = hole.number("to");
    if (!from || !to || *from < 1 || *from > *to || *to > *head) return refuse("names a hole that is none");
    outline.holes.add({Offset(*from), Offset(*to)});
  }
  for (const auto& loss : header->objects("losses")) {
    const auto channel = loss.text("channel");
    const auto last = loss.number("last");
    if (!channel || !last || *last < 1 || *last >= *first) return refuse("names a loss that is none");
    outline.losses[*channel] = Offset(*last);
  }
  return outline;
}

std::optional<RecordDigest> parse_export_end(std::string_view line) {
  if (!line.starts_with(R"({"end":)")) return std::nullopt;
  const auto members = JsonMembers::of(line);
  const auto end = members ? members->object("end") : std::nullopt;
  if (!end) return std::nullopt;
  const auto records = end->number("records");
  const auto text = end->text("checksum");
  if (!records || !text) return std::nullopt;
  std::uint32_t sum = 0;
  const auto [stopped, error] = std::from_chars(text->data(), text->data() + text->size(), sum, 16);
  if (error != std::errc() || stopped != text->data() + text->size()) return std::nullopt;
  return RecordDigest(*records, sum);
}

}  // namespace tidemark::cli
