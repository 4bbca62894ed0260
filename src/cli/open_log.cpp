#include "src/cli/open_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/cli/directory_reader.h"
#include "src/config/data_directory.h"
#include "src/config/server_url.h"

namespace tidemark::cli {
namespace {

Source source_of(const CommandOptions& options, std::string_view name) {
  const auto found = std::ranges::find(options.settings, name, &Setting::name);
  return found == options.settings.end() ? Source::preset : found->source;
}

}  // namespace

Result<bool> is_by_url(const CommandOptions& options) {
  const auto by_url = source_of(options, "url");
  const auto by_data = source_of(options, "data");
  if (by_url == Source::flag && by_data == Source::flag) {
    return fail(ErrorCode::invalid_argument, "--url and --data name two logs; say one of them");
  }
  return !options.url.empty() && by_url >= by_data;
}

Result<std::unique_ptr<LogReader>> open_log(const CommandOptions& options, std::function<bool()> waits) {
  const auto by_url = is_by_url(options);
  if (!by_url) return std::unexpected(by_url.error());
  if (*by_url) return open_live_log(options, std::move(waits));
  auto directory = DataDirectory::look(options.data);
  if (directory) return DirectoryReader::open(std::move(*directory), options);
  if (directory.error().code != ErrorCode::locked) return std::unexpected(directory.error());
  auto live = open_live_log(options, std::move(waits));
  if (!live) return std::unexpected(directory.error());
  return std::move(*live);
}

Result<ServerUrl> live_url(const CommandOptions& options) {
  const auto by_url = is_by_url(options);
  if (!by_url) return std::unexpected(by_url.error());
  if (*by_url) return *parse_server_url(options.url);
  const auto user = DataDirectory::user_of(options.data);
  if (auto url = user ? parse_server_url(user->url) : std::nullopt) return std::move(*url);
  return fail(ErrorCode::not_found, fmt::format("no server uses {}", options.data.string()));
}

Result<std::unique_ptr<ServerReader>> open_live_log(const CommandOptions& options, std::function<bool()> waits) {
  auto url = live_url(options);
  if (!url) return std::unexpected(url.error());
  return std::make_unique<ServerReader>(std::move(*url), options.token, std::move(waits));
}

}  // namespace tidemark::cli
