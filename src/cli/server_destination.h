// Sends records to a running server, over its HTTP API (docs/api.md, "Publishing").
//
// What waits is sent together, a line each, up to limits::kAppendRecords and limits::kAppendBytes at a time, so that a pipe of
// many lines takes few commits; one alone, and one that is larger, is a request of its own. One request is under way at a
// time: that keeps the order, and bounds what nobody knows of when the connection breaks.
//
// Records that have keys are sent again when a kept connection breaks. A server that takes only so many a second
// (--publish-rate) is waited for.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/command_limits.h"
#include "src/cli/append_destination.h"
#include "src/cli/http_client.h"
#include "src/config/options.h"

namespace tidemark::cli {

class ServerDestination final : public AppendDestination {
 public:
  /// `options` outlives it.
  ServerDestination(ServerUrl url, const CommandOptions& options);

  [[nodiscard]] Result<void> put(Message message) override;
  [[nodiscard]] Result<void> settle() override;
  [[nodiscard]] std::vector<Stored> told() override;

 private:
  /// How many of those that wait go together.
  [[nodiscard]] std::size_t together() const;
  /// Each sends what is first in the queue and takes from it what is stored.
  [[nodiscard]] Result<void> send_one();
  [[nodiscard]] Result<void> send_lines(std::size_t count);
  /// The answer's lines, one for each record from the first on.
  [[nodiscard]] Result<void> take_answer(std::string_view lines, std::size_t count);
  [[nodiscard]] std::unexpected<Error> nonsense() const;

  HttpClient client_;
  const std::string target_;
  std::deque<Message> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t bytes_together_ = limits::kAppendBytes;  // less, where the server takes no request as large
  std::vector<Stored> stored_;
};

}  // namespace tidemark::cli
