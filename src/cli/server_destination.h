// Sends records to a running server, over its HTTP API (docs/api.md, "Publishing").
//
// What waits is sent together, a line each, up to limits::kAppendRecords and limits::kAppendBytes at a time, so that a pipe of
// many lines takes few commits; one alone, and one that is larger, is a request of its own. One request is under way at a
// time: that keeps the order, and bounds what nobody knows of when the connection breaks.
//
// Records that have keys are sent again when a connection breaks, and a server that took some and is gone is waited for, as long
// as limits::kServerAway, which is said once on standard error; one that never answered is not. Without keys the error says what
// is stored and what is in doubt, as it does where somebody interrupts it. All goes into the log that took the first: each
// request names its epoch, and a server that has another log by then refuses it. A server that takes only so many a second (--publish-rate) is waited for.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/clock.h"
#include "src/base/command_limits.h"
#include "src/cli/append_destination.h"
#include "src/cli/http_client.h"
#include "src/config/options.h"

namespace tidemark::cli {

class ServerDestination final : public AppendDestination {
 public:
  /// `options` outlives it. A server that took records and is gone is waited for as long as `away`.
  ServerDestination(ServerUrl url, const CommandOptions& options, Millis away = limits::kServerAway);

  [[nodiscard]] Result<void> put(Message message) override;
  [[nodiscard]] Result<void> settle() override;
  [[nodiscard]] std::vector<Stored> told() override;

 private:
  /// How many of those that wait go together.
  [[nodiscard]] std::size_t together() const;
  /// Each sends what is first in the queue and takes from it what is stored.
  [[nodiscard]] Result<void> send_one();
  [[nodiscard]] Result<void> send_lines(std::size_t count);
  /// The first `count` are stored.
  void remove_stored(std::size_t count);
  /// The answer to a request that carries the first `count`, from a server that may be gone for a while.
  [[nodiscard]] Result<std::string> ask(const HttpClient::Request& request, std::size_t count);
  /// False: it was interrupted, or has taken too long.
  [[nodiscard]] bool wait_for_server(std::string_view why);
  /// Before a new connection: with --data it goes to the address that the directory names now. not_found: to none.
  [[nodiscard]] Result<void> follow_directory();
  /// That the log which took the first records is not the one that answers. The first `count` that wait were sent.
  [[nodiscard]] std::unexpected<Error> another_log(bool keyed, std::size_t count) const;
  /// What of the input is stored where it is not to go on, as the end of a sentence. `count` were to be stored now, and
  /// are not, or may be (`in_doubt`).
  [[nodiscard]] std::string extent(bool keyed, std::size_t count, bool in_doubt) const;
  /// That somebody interrupted it, with what of the input is stored; the first `under_way` that wait were sent.
  [[nodiscard]] std::unexpected<Error> stopped(std::size_t under_way) const;
  /// The answer's lines, one for each record from the first on.
  [[nodiscard]] Result<void> take_answer(std::string_view lines, std::size_t count);

  const CommandOptions& options_;
  const Millis away_;
  std::unique_ptr<HttpClient> client_;  // another one where the server came back at another address
  const std::string target_;
  std::deque<Message> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t bytes_together_ = limits::kAppendBytes;  // less, where the server takes no request as large
  std::vector<Stored> stored_;
  std::optional<std::string> log_;  // the epoch of the log that took the first, once an answer has named it
  bool reached_ = false;            // it took a connection, so that it is a server that may come back
  std::optional<std::chrono::steady_clock::time_point> away_since_;
  std::chrono::milliseconds pause_ = limits::kLookAgain;
};

}  // namespace tidemark::cli
