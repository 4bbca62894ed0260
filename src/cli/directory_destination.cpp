#include "src/cli/directory_destination.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "backends/registry.h"
#include "src/base/command_limits.h"
#include "src/cli/log_check.h"
#include "src/log/holes.h"

namespace tidemark::cli {

Result<std::unique_ptr<DirectoryDestination>> DirectoryDestination::open(const CommandOptions& options) {
  auto directory = DataDirectory::open_for_change(options.data);
  if (!directory) return std::unexpected(directory.error());
  const auto engine = engine_on_disk(*directory, options);
  if (!engine) return std::unexpected(engine.error());
  LogOptions log_options;
  auto holes = read_holes(options.data);
  if (!holes) return std::unexpected(holes.error());
  log_options.holes = std::move(*holes);
  auto store = open_store(*engine, {.directory = options.data, .epoch_if_new = Epoch::random()});
  if (!store) return std::unexpected(store.error());
  auto destination = std::make_unique<DirectoryDestination>(std::move(*directory), options);
  auto log = Log::open(std::move(*store), log_options, destination->clock_);
  if (!log) return std::unexpected(log.error());
  destination->log_ = std::move(*log);
  destination->is_new_channel_ = destination->is_new(options.arguments.front());
  destination->log_->start(*destination);
  return destination;
}

DirectoryDestination::DirectoryDestination(DataDirectory directory, const CommandOptions& options)
    : directory_(std::move(directory)), options_(options) {}

DirectoryDestination::~DirectoryDestination() {
  if (log_) log_->close();
}

bool DirectoryDestination::is_new(std::string_view channel) const {
  if (log_->lost(channel) > Offset()) return false;
  bool found = false;
  const auto page = log_->read_channel(channel, Offset(), log_->head(), {.records = 1, .bytes = limits::kOutputBytes},
                                       [&](const RecordView&) {
                                         found = true;
                                         return false;
                                       });
  return page && page->end && !found;
}

Result<void> DirectoryDestination::put(Message message) {
  Draft draft{.channel = options_.arguments.front(),
              .event = options_.as_event,
              .sender = options_.as_sender,
              .client_key = std::move(message.key),
              .payload = std::move(message.payload),
              .attachments = {},
              .origin = {}};
  std::unique_lock lock(mutex_);
  for (;;) {
    if (failed_line_) {
      lock.unlock();
      return settle();
    }
    under_way_.push_back(message.line);  // before it is decided, which may be at once
    lock.unlock();
    const auto admission = log_->publish(std::move(draft));  // NOLINT(bugprone-use-after-move): untouched while full
    lock.lock();
    if (admission == Log::Admission::queued) return {};
    under_way_.pop_back();
    if (admission == Log::Admission::closed) return failure(message.line, 0);
    changed_.wait_for(lock, limits::kLookAgain);  // for room
  }
}

Result<void> DirectoryDestination::settle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return under_way_.empty(); });
  if (failed_line_) return failure(*failed_line_, stored_behind_);
  return {};
}

std::vector<Stored> DirectoryDestination::told() {
  const std::scoped_lock lock(mutex_);
  if (!stored_.empty() && std::exchange(is_new_channel_, false)) {
    fmt::print(stderr, "tidemark: new channel {}\n", options_.arguments.front());
  }
  return std::exchange(stored_, {});
}

void DirectoryDestination::on_commit(std::span<const RecordView>, std::span<const Outcome> outcomes) {
  {
    const std::scoped_lock lock(mutex_);
    for (const Outcome& outcome : outcomes) {
      const auto line = under_way_.front();
      under_way_.pop_front();
      const bool duplicate = outcome.status == Outcome::Status::duplicate;
      if (duplicate || outcome.status == Outcome::Status::stored) {
        stored_.push_back({outcome.offset, duplicate});
        if (failed_line_) ++stored_behind_;
        continue;
      }
      if (!failed_line_) failed_line_ = line;
      refused_ = refused_ || outcome.status == Outcome::Status::refused;
    }
  }
  changed_.notify_one();
}

std::unexpected<Error> DirectoryDestination::failure(std::uint64_t line, std::uint64_t stored_behind) const {
  const auto which = line == 0 ? std::string() : fmt::format("line {}: ", line);
  if (refused_) {
    return fail(ErrorCode::out_of_space,
                fmt::format("{}the log in {} has no room for the name of another channel; it holds {}", which,
                            options_.data.string(), limits::kChannelNames));
  }
  auto why = log_->why_not_writable();
  if (why.empty()) why = "it is closing";
  return fail(ErrorCode::io, fmt::format("{}the log in {} does not take records: {}{}", which, options_.data.string(),
                                         why, lines_behind_text(stored_behind)));
}

}  // namespace tidemark::cli
