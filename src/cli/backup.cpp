#include "src/cli/backup.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>

#include "src/base/journal.h"
#include "src/cli/command_end.h"
#include "src/cli/elapsed.h"
#include "src/cli/interruption.h"
#include "src/cli/log_copy.h"
#include "src/cli/open_log.h"
#include "src/cli/progress.h"

namespace tidemark::cli {
namespace {

Result<void> run(const CommandOptions& options) {
  const auto started = std::chrono::steady_clock::now();
  const std::filesystem::path target = options.arguments.front();
  auto reader = open_log(options);
  if (!reader) return std::unexpected(reader.error());
  const auto facts = (*reader)->facts();
  if (!facts) return std::unexpected(facts.error());
  const auto outline = outline_of(**reader);
  if (!outline) return std::unexpected(outline.error());
  auto directory = NewDirectory::begin(target);
  if (!directory) return std::unexpected(with_option(directory.error(), "directory"));

  // A memory log is kept in the engine that people can read.
  const std::string engine = facts->engine == "memory" ? "sqlite" : facts->engine;
  auto builder = builder_in(*directory, engine, *outline);
  const auto digest = copy_log(**reader, builder, *outline);
  if (!digest) return std::unexpected(with_repair_advice(digest.error()));
  // The key that signs session ids is in the directory; a server gives it to nobody.
  const auto by_url = is_by_url(options);
  if (!by_url) return std::unexpected(by_url.error());
  if (!*by_url) {
    if (auto copied = directory->copy_secret_of(options.data); !copied) return copied;
  }
  if (auto proved = prove(*directory, engine, *outline, *digest); !proved) return proved;
  if (auto placed = directory->put_in_place(); !placed) return placed;
  fmt::print("copied {}, offsets up to {}, epoch {}, into {} ({}), and checked {} in {}\n",
             counted(digest->records(), "record"), outline->state.head.value(), outline->state.epoch.text(),
             target.string(), engine, digest->records() == 1 ? "it" : "them", time_since(started));
  return {};
}

}  // namespace

int backup(const CommandOptions& options) {
  journal::set_level(journal::Level::error);  // what a server would note while it opens a log
  note_interruptions();
  return end_quietly(about_the_copy(run(options), options.arguments.front()));
}

}  // namespace tidemark::cli
