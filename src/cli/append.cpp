#include "src/cli/append.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/json/json.h"
#include "src/base/channel_name.h"
#include "src/base/command_limits.h"
#include "src/base/journal.h"
#include "src/cli/append_destination.h"
#include "src/cli/command_end.h"
#include "src/cli/directory_destination.h"
#include "src/cli/input_lines.h"
#include "src/cli/open_log.h"
#include "src/cli/server_destination.h"

namespace tidemark::cli {
namespace {

Result<std::unique_ptr<AppendDestination>> open_destination(const CommandOptions& options) {
  const auto by_url = is_by_url(options);
  if (!by_url) return std::unexpected(by_url.error());
  if (*by_url) {
    auto url = live_url(options);
    if (!url) return std::unexpected(url.error());
    return std::make_unique<ServerDestination>(std::move(*url), options);
  }
  auto directory = DirectoryDestination::open(options);
  if (directory) return std::move(*directory);
  if (directory.error().code != ErrorCode::locked) return std::unexpected(directory.error());
  auto url = live_url(options);
  if (!url) return std::unexpected(directory.error());
  return std::make_unique<ServerDestination>(std::move(*url), options);
}

/// Messages of a line or a word, as the options say.
class Messages {
 public:
  explicit Messages(const CommandOptions& options) : options_(options) {}

  /// `number`: of a line among several, from 1; 0: it is alone.
  Result<Message> of(std::string_view text, std::uint64_t number) const {
    Message message{.key = options_.key, .payload = {}, .line = number};
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
    if (message.payload.size() > limits::kMaxPayloadCeiling) {
      return wrong(number, fmt::format("is too long: as JSON it may have {} bytes", limits::kMaxPayloadCeiling));
    }
    return message;
  }

 private:
  static std::unexpected<Error> wrong(std::uint64_t number, std::string_view what) {
    return fail(ErrorCode::invalid_argument,
                number == 0 ? fmt::format("the text {}", what) : fmt::format("line {} {}", number, what));
  }

  const CommandOptions& options_;
};

/// A line of a file from Windows ends in two characters.
std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

void tell(AppendDestination& destination, Output& output) {
  const auto stored = destination.told();
  for (const auto& one : stored) {
    output.text() += fmt::format("{}{}\n", one.offset.value(), one.duplicate ? " duplicate" : "");
  }
  if (!stored.empty()) output.flush();
}

/// Waits for what was put, and tells it.
Result<void> finish(AppendDestination& destination, Output& output) {
  auto settled = destination.settle();
  tell(destination, output);
  return settled;
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
    auto put = (*destination)->put(*message);
    auto finished = finish(**destination, output);
    return put ? finished : put;
  }
  auto destination = open_destination(options);
  if (!destination) return std::unexpected(destination.error());
  auto lines = InputLines::open("-");
  if (!lines) return std::unexpected(lines.error());
  Result<void> wrong;
  for (;;) {
    // While more is there, what was put may wait for it; who types is answered at once.
    if (!lines->has_line()) {
      if (auto finished = finish(**destination, output); !finished) return finished;
    }
    const auto line = lines->next();
    if (line && *line) {
      auto message = messages.of(without_return(**line), lines->number());
      if (message) {
        auto put = (*destination)->put(std::move(*message));
        tell(**destination, output);
        if (!put) return put;
        continue;
      }
      wrong = std::unexpected(message.error());
    } else if (!line && line.error().code != ErrorCode::closed) {
      wrong = std::unexpected(line.error());
    }
    // What was put is stored and told, whatever comes after it.
    auto finished = finish(**destination, output);
    return finished ? wrong : finished;
  }
}

}  // namespace

int append(const CommandOptions& options) {
  Output output(STDOUT_FILENO);
  journal::set_level(journal::Level::none);  // what a server would note: here the error says it, in one line
  note_interruptions();
  const auto done = run(options, output);
  const int status = end_with(output, done);
  // What is stored, and what is in doubt.
  if (status == kExitInterrupted && !done) complain(done.error(), status);
  return status;
}

}  // namespace tidemark::cli
