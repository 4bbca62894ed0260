#include "src/cli/append.h"

#include <fmt/format.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/registry.h"
#include "protocol/json/json.h"
#include "src/base/channel_name.h"
#include "src/base/clock.h"
#include "src/base/command_limits.h"
#include "src/base/journal.h"
#include "src/cli/command_end.h"
#include "src/cli/input_lines.h"
#include "src/cli/log_check.h"
#include "src/cli/open_log.h"
#include "src/cli/server_reader.h"
#include "src/config/data_directory.h"
#include "src/log/holes.h"
#include "src/log/log.h"

namespace tidemark::cli {
namespace {

/// One record to come.
struct Message {
  std::string key, payload;
};

using Stored = ServerReader::Stored;

/// Where records go. Durable when they are told.
class Destination {
 public:
  Destination() = default;
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  virtual ~Destination() = default;

  /// Takes a message; it may be told later, in the order of the messages.
  [[nodiscard]] virtual Result<void> put(const Message& message) = 0;
  /// What was stored and not told yet. `all`: waits for everything that was put.
  [[nodiscard]] virtual Result<std::vector<Stored>> take(bool all) = 0;
};

class ServerDestination final : public Destination {
 public:
  ServerDestination(std::unique_ptr<ServerReader> server, const CommandOptions& options)
      : server_(std::move(server)), options_(options) {}

  Result<void> put(const Message& message) override {
    const auto stored = server_->append(options_.arguments.front(), options_.as_event, options_.as_sender, message.key,
                                        message.payload);
    if (!stored) return std::unexpected(stored.error());
    stored_.push_back(*stored);
    return {};
  }
  Result<std::vector<Stored>> take(bool) override { return std::exchange(stored_, {}); }

 private:
  std::unique_ptr<ServerReader> server_;
  const CommandOptions& options_;
  std::vector<Stored> stored_;
};

/// The log of a directory nobody serves, opened as a server opens it.
class DirectoryDestination final : public Destination, private CommitListener {
 public:
  static Result<std::unique_ptr<DirectoryDestination>> open(const CommandOptions& options) {
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
    destination->log_->start(*destination);
    return destination;
  }
  DirectoryDestination(DataDirectory directory, const CommandOptions& options)
      : directory_(std::move(directory)), options_(options) {}
  ~DirectoryDestination() override {
    if (log_) log_->close();
  }

  Result<void> put(const Message& message) override {
    Draft draft{.channel = options_.arguments.front(),
                .event = options_.as_event,
                .sender = options_.as_sender,
                .client_key = message.key,
                .payload = message.payload,
                .attachments = {},
                .origin = {}};
    std::unique_lock lock(mutex_);
    for (;;) {
      if (failed_) return failure();
      lock.unlock();
      const auto admission = log_->publish(std::move(draft));
      lock.lock();
      if (admission == Log::Admission::queued) {
        ++waiting_;
        return {};
      }
      if (admission == Log::Admission::closed) return failure();
      changed_.wait_for(lock, limits::kLookAgain);  // for room
    }
  }

  Result<std::vector<Stored>> take(bool all) override {
    std::unique_lock lock(mutex_);
    if (all) changed_.wait(lock, [&] { return failed_ || told_ == waiting_; });
    if (failed_) return failure();
    return std::exchange(stored_, {});
  }

 private:
  void on_commit(std::span<const RecordView>, std::span<const Outcome> outcomes) override {
    {
      const std::scoped_lock lock(mutex_);
      for (const Outcome& outcome : outcomes) {
        ++told_;
        failed_ = failed_ || outcome.status == Outcome::Status::failed || outcome.status == Outcome::Status::refused;
        refused_ = refused_ || outcome.status == Outcome::Status::refused;
        stored_.push_back({outcome.offset, outcome.status == Outcome::Status::duplicate});
      }
    }
    changed_.notify_one();
  }
  void on_room() override { changed_.notify_one(); }

  [[nodiscard]] std::unexpected<Error> failure() const {
    if (refused_) {
      return fail(ErrorCode::out_of_space,
                  fmt::format("the log in {} has no room for the name of another channel; it holds {}",
                              options_.data.string(), limits::kChannelNames));
    }
    auto why = log_->why_not_writable();
    return fail(ErrorCode::io, fmt::format("the log in {} does not take records: {}", options_.data.string(),
                                           why.empty() ? std::string("it is closing") : why));
  }

  DataDirectory directory_;  // before the log: given up after it
  const CommandOptions& options_;
  const SystemClock clock_;
  std::mutex mutex_;  // guards all below but log_
  std::condition_variable changed_;
  std::vector<Stored> stored_;
  std::uint64_t waiting_ = 0;
  std::uint64_t told_ = 0;
  bool failed_ = false;
  bool refused_ = false;
  std::unique_ptr<Log> log_;
};

Result<std::unique_ptr<Destination>> open_destination(const CommandOptions& options) {
  const auto by_url = is_by_url(options);
  if (!by_url) return std::unexpected(by_url.error());
  if (!*by_url) {
    auto directory = DirectoryDestination::open(options);
    if (directory) return std::move(*directory);
    if (directory.error().code != ErrorCode::locked) return std::unexpected(directory.error());
    auto live = open_live_log(options);
    if (!live) return std::unexpected(directory.error());
    return std::make_unique<ServerDestination>(std::move(*live), options);
  }
  auto live = open_live_log(options);
  if (!live) return std::unexpected(live.error());
  return std::make_unique<ServerDestination>(std::move(*live), options);
}

/// Messages of a line or a word, as the options say.
class Messages {
 public:
  explicit Messages(const CommandOptions& options) : options_(options) {}

  /// `number`: of a line among several, from 1; 0: it is alone.
  Result<Message> of(std::string_view text, std::uint64_t number) const {
    Message message{.key = options_.key, .payload = {}};
    if (number > 0 && !options_.key.empty()) message.key = fmt::format("{}-{}", options_.key, number);
    if (options_.keyed) {
      const auto tab = text.find('\t');
      if (tab == std::string_view::npos || tab == 0) return wrong(number, "has no key and tab before its text");
      message.key = text.substr(0, tab);
      text.remove_prefix(tab + 1);
    }
    // A server is told the key in a header field, which begins and ends with no blank (RFC 9110 section 5.5); where the log
    // is makes no difference.
    const bool blank = message.key.starts_with(' ') || message.key.ends_with(' ');
    if (blank || has_control_characters(message.key)) {
      return wrong(number, "has a key that begins or ends with a blank, or has control characters");
    }
    if (message.key.size() > limits::kClientKeyBytes) return wrong(number, "has a key of more than 255 bytes");
    if (!json::is_utf8(text) || !json::is_utf8(message.key)) return wrong(number, "is no UTF-8");
    if (!options_.as_json) {
      json::append_string(message.payload, text);
    } else if (json::is_valid(text, limits::kJsonDepth)) {
      message.payload = text;
    } else {
      return wrong(number, "is no JSON (--json), or nested too deep");
    }
    if (message.payload.size() > limits::kMaxPayloadCeiling) return wrong(number, "is too long");
    return message;
  }

 private:
  static std::unexpected<Error> wrong(std::uint64_t number, std::string_view what) {
    return fail(ErrorCode::invalid_argument,
                number == 0 ? fmt::format("the text {}", what) : fmt::format("line {} {}", number, what));
  }

  const CommandOptions& options_;
};

Result<void> tell(Destination& destination, bool all, Output& output) {
  const auto stored = destination.take(all);
  if (!stored) return std::unexpected(stored.error());
  for (const auto& one : *stored) {
    output.text() += fmt::format("{}{}\n", one.offset.value(), one.duplicate ? " duplicate" : "");
  }
  if (!stored->empty()) output.flush();
  return {};
}

Result<void> run(const CommandOptions& options, Output& output) {
  if (options.keyed && !options.key.empty()) {
    return fail(ErrorCode::invalid_argument, "--key and --keyed say two things; leave one of them out");
  }
  const std::string& channel = options.arguments.front();
  if (!channel.starts_with('/')) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: a channel begins with '/', such as /chat/general", channel));
  }
  if (channel.ends_with('*')) {
    return fail(ErrorCode::invalid_argument, fmt::format("{}: append names one channel", channel));
  }
  if (!is_channel_name(channel) || !json::is_utf8(channel)) {
    return fail(ErrorCode::invalid_argument, fmt::format("this is not {}", kChannelNameRule));
  }
  const Messages messages(options);
  const bool from_input = options.arguments.size() < 2 || options.arguments[1] == "-";
  if (!from_input) {
    const auto message = messages.of(options.arguments[1], 0);
    if (!message) return std::unexpected(message.error());
    auto destination = open_destination(options);
    if (!destination) return std::unexpected(destination.error());
    if (auto put = (*destination)->put(*message); !put) return put;
    return tell(**destination, true, output);
  }
  auto destination = open_destination(options);
  if (!destination) return std::unexpected(destination.error());
  auto lines = InputLines::open("-");
  if (!lines) return std::unexpected(lines.error());
  for (;;) {
    const auto line = lines->next();
    // What was put is stored and told, whatever comes after it.
    const bool more = line && *line;
    if (!more) {
      if (auto told = tell(**destination, true, output); !told) return told;
      if (!line && line.error().code != ErrorCode::closed) return std::unexpected(line.error());
      return {};
    }
    const auto message = messages.of(**line, lines->number());
    auto put = message ? (*destination)->put(*message) : Result<void>(std::unexpected(message.error()));
    if (auto told = tell(**destination, !put, output); !told) return told;
    if (!put) return put;
  }
}

}  // namespace

int append(const CommandOptions& options) {
  Output output(STDOUT_FILENO);
  journal::set_level(journal::Level::error);  // what a server would note while it opens a log
  note_interruptions();
  return end_with(output, run(options, output));
}

}  // namespace tidemark::cli
