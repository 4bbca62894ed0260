#include "src/cli/http_client.h"

#include <fmt/format.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "protocol/json/json.h"
#include "src/base/command_limits.h"
#include "src/config/value_text.h"
#include "src/server/asio.h"

namespace tidemark::cli {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

enum class Outcome : std::uint8_t { done, stopped };

}  // namespace

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").contains(c);
    if (plain) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

/// 0: it is none.
Offset offset_in(std::string_view number) {
  const auto value = json::decode_integer(number);
  const bool is_offset = value && *value > 0 && static_cast<std::uint64_t>(*value) <= Offset::kMax;
  return is_offset ? Offset(static_cast<std::uint64_t>(*value)) : Offset();
}

ApiErrorText api_error_in(std::string_view json) {
  ApiErrorText found;
  if (!json::is_utf8(json) || !json::is_valid(json, limits::kJsonDepth) || json::kind_of(json) != json::Kind::object) {
    return found;
  }
  json::for_each_member(json, [&](std::string_view name, std::string_view value) {
    if (name != "error" || json::kind_of(value) != json::Kind::object) return true;
    json::for_each_member(value, [&](std::string_view inner, std::string_view text) {
      if (inner == "code") found.code = json::decode_string(text).value_or("");
      if (inner == "message") found.message = json::decode_string(text).value_or("");
      if (inner == "offset") found.record = offset_in(text);
      return true;
    });
    return false;
  });
  return found;
}

/// What a 413 says: "Content Too Large: at most 1000 bytes (--max-payload)".
std::optional<std::uint64_t> largest_body_in(std::string_view text) {
  constexpr std::string_view kBefore = ": at most ";
  const auto begin = text.find(kBefore);
  if (begin == std::string_view::npos) return std::nullopt;
  text.remove_prefix(begin + kBefore.size());
  return parse_number(text.substr(0, text.find(' ')));
}

/// One TCP connection, and the loop that drives it.
class HttpClient::Connection {
 public:
  /// Beast reads as much at once as its buffer has room for, and it begins with half a KiB.
  Connection() : stream_(context_), resolver_(context_) { buffer_.reserve(limits::kOutputBytes); }

  /// Starts an operation and waits for it, asking `idle` meanwhile. `stopped`: idle said no, and nothing is left of it.
  template <class Start>
  Outcome run(Start start, Idle idle) {
    done_ = false;
    start();
    while (!done_) {
      context_.restart();
      context_.run_for(limits::kLookAgain);
      if (done_ || idle()) continue;
      resolver_.cancel();
      stream_.close();
      while (!done_) {
        context_.restart();
        context_.run();
      }
      return Outcome::stopped;
    }
    return Outcome::done;
  }

  /// What an operation's handler calls.
  void finish(const SystemError& error) {
    error_ = error;
    done_ = true;
    context_.stop();
  }

  /// The other end has closed it meanwhile, or says something that nobody asked for.
  [[nodiscard]] bool has_ended() {
    char byte = 0;
    const auto got = ::recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }

  [[nodiscard]] const SystemError& error() const { return error_; }
  [[nodiscard]] bool is_open() { return stream_.socket().is_open(); }
  beast::tcp_stream& stream() { return stream_; }
  tcp::resolver& resolver() { return resolver_; }
  beast::flat_buffer& buffer() { return buffer_; }

 private:
  asio::io_context context_;
  beast::tcp_stream stream_;
  tcp::resolver resolver_;
  beast::flat_buffer buffer_;
  SystemError error_;
  bool done_ = false;
};

struct HttpClient::Answered {
  unsigned status = 0;
  http::fields fields;
  std::string refusal_code;
  Lost lost = Lost::no;
};

HttpClient::HttpClient(ServerUrl url, std::string token, Millis patience)
    : url_(std::move(url)), token_(std::move(token)), patience_(patience), answered_(std::make_unique<Answered>()) {}
HttpClient::~HttpClient() = default;

bool HttpClient::is_connected() const { return connection_ && !connection_->has_ended(); }

unsigned HttpClient::status() const { return answered_->status; }

std::string_view HttpClient::refusal_code() const { return answered_->refusal_code; }

HttpClient::Lost HttpClient::lost() const { return answered_->lost; }

std::string_view HttpClient::field(std::string_view name) const {
  const auto found = answered_->fields.find(boost::string_view(name.data(), name.size()));
  if (found == answered_->fields.end()) return {};
  return {found->value().data(), found->value().size()};
}

std::unexpected<Error> HttpClient::nonsense() const {
  return fail(
      ErrorCode::io,
      fmt::format("{} gives an answer that makes no sense; is it a Tidemark server of this version?", url_.text()));
}

Error HttpClient::refusal(unsigned status, std::string_view body) const {
  const auto said = api_error_in(body);
  if (status == 401) {
    return {ErrorCode::invalid_argument,
            fmt::format("{} {}; give its --api-token with --token or TIDEMARK_TOKEN", url_.text(),
                        token_.empty() ? "asks for a token" : "refuses this token")};
  }
  if (status == 413) {
    const auto limit = largest_body_in(body);
    return {ErrorCode::invalid_argument,
            fmt::format("{} takes no record as large as this{} (its --max-payload)", url_.text(),
                        limit ? fmt::format(", {} bytes at most", *limit) : std::string())};
  }
  if (said.message.empty() && status != 404) {
    return {status < 500 ? ErrorCode::invalid_argument : ErrorCode::io,
            fmt::format("{} answers {} without a reason of Tidemark's; if there is a proxy before it, look there",
                        url_.text(), status)};
  }
  if (said.message.empty()) {
    return {ErrorCode::not_found, fmt::format("{} answers {}, so it is no Tidemark server or one without the API; "
                                              "name another address with --url",
                                              url_.text(), status)};
  }
  const auto code = said.code == "damaged" ? ErrorCode::corrupt
                    : status == 404        ? ErrorCode::not_found
                    : status < 500         ? ErrorCode::invalid_argument
                                           : ErrorCode::io;
  return {code, fmt::format("{} answers: {}", url_.text(), said.message), said.record};
}

void HttpClient::tell_wait() {
  if (std::exchange(wait_told_, true) || ::isatty(STDERR_FILENO) != 1) return;
  fmt::print(stderr, "tidemark: waiting for {} to answer, for {} at most\n", url_.text(), duration_text(patience_));
}

Result<void> HttpClient::exchange(const Request& request, Sink sink, Idle idle) {
  Millis silence = patience_;  // that was allowed last
  // By value: the error is mostly the connection's own.
  const auto broke = [&](std::string_view what, SystemError error, Lost lost = Lost::broken) {
    connection_.reset();
    answered_->lost = lost;
    const auto why =
        error == beast::error::timeout ? fmt::format("it was silent for {}", duration_text(silence)) : error.message();
    return fail(ErrorCode::io, fmt::format("{} {}: {}", what, url_.text(), why));
  };
  const auto stopped = [&]() -> Result<void> {
    connection_.reset();
    answered_->lost = Lost::stopped;
    return {};
  };

  http::request<http::string_body> message{
      http::string_to_verb(boost::string_view(request.method.data(), request.method.size())),
      url_.path + request.target, 11};
  message.set(http::field::host, url_.authority());
  message.set(http::field::user_agent, "tidemark");
  if (!token_.empty()) message.set(http::field::authorization, "Bearer " + token_);
  for (const auto& [name, value] : request.fields) {
    message.insert(boost::string_view(name.data(), name.size()), boost::string_view(value.data(), value.size()));
  }
  message.body() = request.body;
  if (!request.body.empty()) message.prepare_payload();

  // RFC 9110 section 9.2.2: what may have been done already is not to be done again by itself.
  const bool by_itself = request.method == "GET";
  const auto broke_off = [&](SystemError error) {
    return by_itself || request.repeatable ? broke("the connection broke:", error)
                                           : broke(fmt::format("{}: the connection broke:", request.doubt), error);
  };
  if (!by_itself && !is_connected()) connection_.reset();

  const auto began = std::chrono::steady_clock::now();
  const auto wait = [&] {
    if (std::chrono::steady_clock::now() - began >= limits::kSilenceUntold) tell_wait();
    return idle();
  };

  *answered_ = {};
  std::optional<http::response_parser<http::buffer_body>> parser;
  for (bool fresh = false;; fresh = true) {
    if (!connection_) {
      fresh = true;
      connection_ = std::make_unique<Connection>();
      Connection& connection = *connection_;
      tcp::resolver::results_type addresses;
      auto ended = connection.run(
          [&] {
            connection.resolver().async_resolve(url_.host, url_.port,
                                                [&](const SystemError& error, tcp::resolver::results_type found) {
                                                  addresses = std::move(found);
                                                  connection.finish(error);
                                                });
          },
          wait);
      if (ended == Outcome::stopped) return stopped();
      if (connection.error()) return broke("cannot find", connection.error(), Lost::unreached);
      connection.stream().expires_after(patience_);
      ended = connection.run(
          [&] {
            connection.stream().async_connect(
                addresses, [&](const SystemError& error, const tcp::endpoint&) { connection.finish(error); });
          },
          wait);
      if (ended == Outcome::stopped) return stopped();
      if (connection.error()) return broke("cannot reach", connection.error(), Lost::unreached);
    }
    Connection& connection = *connection_;
    connection.stream().expires_after(patience_);
    auto ended = connection.run(
        [&] {
          http::async_write(connection.stream(), message,
                            [&](const SystemError& error, std::size_t) { connection.finish(error); });
        },
        wait);
    if (ended == Outcome::stopped) return stopped();
    auto error = connection.error();
    if (!error) {
      parser.emplace();
      parser->body_limit(std::numeric_limits<std::uint64_t>::max());  // Boost 1.74 takes "none" for 0
      connection.stream().expires_after(patience_);
      ended = connection.run(
          [&] {
            http::async_read_header(connection.stream(), connection.buffer(), *parser,
                                    [&](const SystemError& failed, std::size_t) { connection.finish(failed); });
          },
          wait);
      if (ended == Outcome::stopped) return stopped();
      error = connection.error();
    }
    if (!error) break;
    // A kept connection may have been closed meanwhile. Who is silent is not asked again: it would be as long again.
    if (!by_itself || fresh || error == beast::error::timeout) return broke_off(error);
    connection_.reset();
  }

  Connection& connection = *connection_;
  const unsigned status = parser->get().result_int();
  *answered_ = {status, parser->get().base()};
  const bool good = status >= 200 && status < 300;
  std::string refused;
  std::array<char, limits::kOutputBytes> part;
  silence = limits::kStreamPatience;
  while (!parser->is_done()) {
    parser->get().body().data = part.data();
    parser->get().body().size = part.size();
    connection.stream().expires_after(silence);
    const auto ended = connection.run(
        [&] {
          http::async_read_some(connection.stream(), connection.buffer(), *parser,
                                [&](const SystemError& failed, std::size_t) { connection.finish(failed); });
        },
        idle);
    if (ended == Outcome::stopped) return stopped();
    const std::string_view got(part.data(), part.size() - parser->get().body().size);
    if (good) {
      if (!got.empty() && !sink(got)) return stopped();
    } else if (refused.size() < limits::kOutputBytes) {
      refused += got;
    }
    const auto& error = connection.error();
    if (error && error != http::error::need_buffer) {
      return broke_off(error);
    }
  }
  const bool keep = parser->get().keep_alive();
  if (!keep) connection_.reset();
  if (good) return {};
  answered_->refusal_code = api_error_in(refused).code;
  return std::unexpected(refusal(status, refused));
}

Result<std::string> HttpClient::body_of(const Request& request, Idle idle) {
  std::string body;
  bool fits = true;
  const auto take = [&](std::string_view part) {
    fits = body.size() + part.size() <= limits::kAnswerBytes;
    if (fits) body += part;
    return fits;
  };
  const auto done = exchange(request, take, idle);
  if (!done) return std::unexpected(done.error());
  if (!fits) return fail(ErrorCode::io, fmt::format("{} answers with more than can be meant", url_.text()));
  return body;
}

Result<void> HttpClient::lines_of(const Request& request, FunctionRef<bool(std::string_view)> visit, Idle idle) {
  std::string line;  // begun in an earlier part
  bool fits = true;
  const auto done = exchange(
      request,
      [&](std::string_view part) {
        for (auto end = part.find('\n'); end != std::string_view::npos; end = part.find('\n')) {
          const auto rest = part.substr(0, end);
          part.remove_prefix(end + 1);
          bool wanted = false;
          if (line.empty()) {
            wanted = visit(rest);
          } else {
            line += rest;
            wanted = visit(line);
            line.clear();
          }
          if (!wanted) return false;
        }
        line += part;
        fits = line.size() <= limits::kAnswerBytes;
        return fits;
      },
      idle);
  if (!done) return done;
  if (!fits) return fail(ErrorCode::io, fmt::format("{} answers with more than can be meant", url_.text()));
  return {};
}

}  // namespace tidemark::cli
