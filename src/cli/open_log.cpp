#include "src/cli/open_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/cli/directory_reader.h"
#include "src/config/data_directory.h"

namespace tidemark::cli {
namespace {

Source source_of(const CommandOptions& options, std::string_view name) {
  const auto found = std::ranges::find(options.settings, name, &Setting::name);
  return found == options.settings.end() ? Source::preset : found->source;
}

}  // namespace

Result<std::unique_ptr<LogReader>> open_log(const CommandOptions& options) {
  const auto by_url = source_of(options, "url");
  const auto by_data = source_of(options, "data");
  if (by_url == Source::flag && by_data == Source::flag) {
    return fail(ErrorCode::invalid_argument, "--url and --data name two logs; say one of them");
  }
  auto directory = DataDirectory::look(options.data);
  if (directory) return DirectoryReader::open(std::move(*directory), options);
  return std::unexpected(directory.error());
}

Result<std::unique_ptr<LogReader>> open_live_log(const CommandOptions& options) {
  return fail(ErrorCode::not_found, fmt::format("no server uses {}", options.data.string()));
}

}  // namespace tidemark::cli
