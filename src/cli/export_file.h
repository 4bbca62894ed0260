// An exported log: JSON lines, the first of which says what log it is, the last that it is whole.
//
//   {"tidemark_export":1,"epoch":"3f9c2a7be01d4c58","first":1,"head":30,"engine":"sqlite","exported":"2026-...Z",
//    "holes":[{"from":13,"to":13}],"losses":[{"channel":"/","last":7}]}                       (broken here only)
//   {"offset":1,"time":...}                     a line for each record, see protocol/record_json.h
//   {"end":{"records":29,"checksum":"1c291ca3","first_line":"5a0f3e11"}}
//
// `losses` are what the channels lost to trimming; the channel "" stands for all. The checksum is over all records, and equal for
// equal ones; with that of the first line, every line that was changed or left out is noticed. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/base/error.h"
#include "src/base/record.h"
#include "src/cli/log_copy.h"
#include "src/log/log_builder.h"

namespace tidemark::cli {

/// Both with their line ends.
[[nodiscard]] std::string export_header(const LogOutline& outline, std::string_view engine, TimeMs now);
[[nodiscard]] std::string export_end(const RecordDigest& digest, std::string_view header);

/// invalid_argument: it is none, or one of a newer version.
[[nodiscard]] Result<LogOutline> parse_export_header(std::string_view line);
/// `records` and the line `header` are the whole. Nothing if the line is no end; `corrupt` if they are not what it says.
[[nodiscard]] std::optional<Result<void>> check_export_end(std::string_view line, const RecordDigest& records,
                                                           std::string_view header);

}  // namespace tidemark::cli
