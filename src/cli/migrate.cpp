#include "src/cli/migrate.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "src/base/journal.h"
#include "src/cli/command_end.h"
#include "src/cli/directory_reader.h"
#include "src/cli/elapsed.h"
#include "src/cli/interruption.h"
#include "src/cli/log_copy.h"
#include "src/cli/progress.h"
#include "src/config/log_place.h"

namespace tidemark::cli {
namespace {

Result<void> run(const CommandOptions& options) {
  const auto started = std::chrono::steady_clock::now();
  if (options.source.empty() || options.target.empty()) {
    return fail(ErrorCode::invalid_argument, "migrate needs both --from ENGINE:DIR and --to ENGINE:DIR");
  }
  const auto from = *parse_log_place(options.source);
  const auto to = *parse_log_place(options.target);
  CommandOptions source = options;
  source.backend = from.engine;
  source.settings.push_back({"backend", from.engine, Source::flag, "--from"});

  auto looked = DataDirectory::look(from.directory);
  if (!looked) return std::unexpected(with_option(looked.error(), "--from"));
  auto reader = DirectoryReader::open(std::move(*looked), source);
  if (!reader) return std::unexpected(with_option(reader.error(), "--from"));
  const auto found = outline_of(**reader);
  if (!found) return std::unexpected(found.error());
  const auto outline = options.new_epoch ? as_another_log(*found) : *found;
  auto directory = NewDirectory::begin(to.directory);
  if (!directory) return std::unexpected(with_option(directory.error(), "--to"));

  auto builder = builder_in(*directory, to.engine, outline);
  const auto digest = copy_log(**reader, builder, outline);
  if (!digest) return std::unexpected(with_repair_advice(digest.error()));
  // What a session had received in another log says nothing about this one.
  if (!options.new_epoch) {
    if (auto copied = directory->copy_secret_of(from.directory); !copied) return copied;
  }
  if (auto proved = prove(*directory, to.engine, outline, *digest); !proved) return proved;
  if (auto placed = directory->put_in_place(); !placed) return placed;
  fmt::print("migrated {}, offsets up to {}, epoch {}: {} in {} is {} in {} ({})\n",
             counted(digest->records(), "record"), outline.state.head.value(), outline.state.epoch.text(), from.engine,
             from.directory.string(), to.engine, to.directory.string(), time_since(started));
  fmt::print("checked: every record is the same. Start the server with --backend {} --data {}\n", to.engine,
             to.directory.string());
  return {};
}

}  // namespace

int migrate(const CommandOptions& options) {
  journal::set_level(journal::Level::error);  // what a server would note while it opens a log
  note_interruptions();
  const auto to = parse_log_place(options.target);
  return end_quietly(about_the_copy(run(options), to ? to->directory : options.data));
}

}  // namespace tidemark::cli
