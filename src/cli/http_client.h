// Speaks HTTP with a server's API: one connection, kept open between requests. Nothing of Boost.Beast leaks out of it.
// Blocks, but asks `idle` a few times a second whether it is to go on. One thread.
//
// A GET over a kept connection that breaks is sent again over a new one; a POST is not, which may have been done.
//
// Errors are sentences with the server's address: io (cannot be reached, broke off, fell silent, busy), invalid_argument
// (it refuses: a missing or wrong token, a bad request), not_found, corrupt (the log is damaged there).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "src/base/clock.h"
#include "src/base/command_limits.h"
#include "src/base/error.h"
#include "src/base/function_ref.h"
#include "src/config/server_url.h"

namespace tidemark::cli {

/// The field of a POST that may be sent again (docs/api.md).
inline constexpr std::string_view kIdempotencyKey = "Idempotency-Key";
/// Of an answer: which log gave it. Of a POST: the only log that may take it.
inline constexpr std::string_view kTidemarkEpoch = "Tidemark-Epoch";

class HttpClient {
 public:
  using Field = std::pair<std::string_view, std::string_view>;
  struct Request {
    std::string_view method = "GET";
    std::string target;  // "/api/v1/info"
    std::string_view body{};
    std::span<const Field> fields{};
    /// Of a POST: who asks may send it again, as all that it stores has keys.
    bool repeatable = false;
    /// What is said of a POST that is not, where the connection breaks before its answer.
    std::string_view doubt{};
  };
  using Idle = FunctionRef<bool()>;

  /// `patience`: with a server that takes the connection, or a request, and gives no answer. Who waits for one at a terminal
  /// is told after a moment.
  HttpClient(ServerUrl url, std::string token, Millis patience = limits::kServerPatience);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  [[nodiscard]] const ServerUrl& url() const { return url_; }
  /// The next request goes over the connection that the last one left.
  [[nodiscard]] bool is_connected() const;

  /// Nobody is told: who asks shows that he waits.
  void wait_untold() { wait_told_ = true; }

  /// The body of a good answer.
  [[nodiscard]] Result<std::string> body_of(const Request& request, Idle idle);
  /// Visits the lines of a good answer's body as they come. False from either ends it, and the connection.
  [[nodiscard]] Result<void> lines_of(const Request& request, FunctionRef<bool(std::string_view)> visit, Idle idle);

  /// What to say of an answer that is no Tidemark server's.
  [[nodiscard]] std::unexpected<Error> nonsense() const;

  /// Of the answer that came last.
  [[nodiscard]] unsigned status() const;
  /// What it refused with, in the API's word: "closing"; empty where it refused nothing, or without a word.
  [[nodiscard]] std::string_view refusal_code() const;
  /// How the last request found no whole answer.
  enum class Lost : std::uint8_t {
    no,
    unreached,  // there was no connection to send it over
    broken,
    stopped,  // by who asked
  };
  [[nodiscard]] Lost lost() const;
  /// A header field of the answer that is being visited, or came last; empty where it has none. Any case.
  [[nodiscard]] std::string_view field(std::string_view name) const;

 private:
  class Connection;
  /// Parts of the body as they come.
  using Sink = FunctionRef<bool(std::string_view)>;
  [[nodiscard]] Result<void> exchange(const Request& request, Sink sink, Idle idle);
  [[nodiscard]] Error refusal(unsigned status, std::string_view body) const;
  void tell_wait();

  const ServerUrl url_;
  const std::string token_;
  const Millis patience_;
  bool wait_told_ = false;
  std::unique_ptr<Connection> connection_;
  struct Answered;
  std::unique_ptr<Answered> answered_;  // what came before the body
};

/// "a b" as a parameter's value or a part of a path: "a%20b".
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// What `{"error":{"code":...,"message":...,"offset":17}}` says; empty where it says something else.
struct ApiErrorText {
  std::string code, message;
  Offset record;  // 0: it is about none
};
[[nodiscard]] ApiErrorText api_error_in(std::string_view json);

}  // namespace tidemark::cli
