#include "src/server/http_stream.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "protocol/json/json.h"
#include "protocol/websocket/websocket.h"
#include "src/base/limits.h"
#include "src/server/api/access.h"
#include "src/server/api/api.h"
#include "src/server/engine_session.h"
#include "src/server/io_thread.h"
#include "src/server/metrics.h"
#include "src/server/origin_policy.h"
#include "src/server/service.h"
#include "src/server/websocket_stream.h"
#include "web/assets.h"

namespace tidemark {
namespace {

constexpr std::uint16_t kPolicyViolation = 1008;  // RFC 6455 section 7.4.1
constexpr std::string_view kTextPlain = "Content-Type: text/plain; charset=utf-8\r\n";
constexpr std::string_view kNoStore = "Cache-Control: no-store\r\n";
constexpr std::string_view kSecurityFields =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; "
    "img-src 'self' data:; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: cross-origin\r\n";

/// RFC 9110 section 13.1.2: weak comparison against a list, or "*".
bool matches_any(std::string_view list, std::string_view etag) {
  if (list == "*") return true;
  for (std::size_t at = list.find(etag); at != std::string_view::npos; at = list.find(etag, at + 1)) {
    const auto end = at + etag.size();
    if (end == list.size() || list[end] == ',' || list[end] == ' ') return true;
  }
  return false;
}

/// RFC 9110 section 12.5.3, as far as it matters here: gzip is named and its weight, if any, has a digit other than 0.
bool accepts_gzip(const http::Request& request) {
  const auto accepted = request.field("accept-encoding").value_or("");
  const auto at = accepted.find("gzip");
  if (at == std::string_view::npos) return false;
  const auto coding = accepted.substr(at, accepted.find(',', at) - at);
  const auto weight = coding.find('=');
  return weight == std::string_view::npos || coding.substr(weight).find_first_of("123456789") != std::string_view::npos;
}

/// By the status that a request which cannot be read is answered with.
Refused refused_by(int status) {
  switch (status) {
    case 413: return Refused::body_too_large;
    case 414:
    case 431: return Refused::head_too_large;
    default: return Refused::bad_request;
  }
}

}  // namespace

HttpStream::HttpStream(Connection& connection)
    : connection_(connection),
      reader_({.head_bytes = limits::kHttpHeadBytes,
               .target_bytes = limits::kHttpTargetBytes,
               .body_bytes = connection.thread().service().options.max_payload}),
      publish_rate_(connection.thread().service().options.publish_rate) {
  connection_.set_deadline(limits::kHttpSilenceTimeout);
}

HttpStream::~HttpStream() = default;

// --- bytes in --------------------------------------------------------------------------------------------------------

void HttpStream::on_bytes(std::span<char> bytes) {
  in_.append(bytes.data(), bytes.size());
  // While an answer is on its way the next requests wait in the socket, but for what has come already.
  if (answering_ && in_.size() > limits::kReadBytes) {
    connection_.pause_reading();
    count(Refused::pipelined);
  }
  read_requests();
}

void HttpStream::read_requests() {
  if (reading_requests_) return;
  reading_requests_ = true;
  while (!gone_ && !answering_ && !in_.empty()) {
    std::size_t used = 0;
    const auto status = reader_.read(in_, used);
    in_.erase(0, used);
    if (status == http::RequestReader::Status::failed) {
      request_ = {};
      keep_alive_ = false;
      answering_ = true;
      count(refused_by(reader_.error_status()));
      respond_text(reader_.error_status(), http::reason_phrase(reader_.error_status()));
      break;
    }
    if (status == http::RequestReader::Status::need_more) {
      if (reader_.begun() != nullptr) await_body();
      if (gone_ || answering_) break;
      if (!std::exchange(begun_, true)) {
        connection_.set_deadline(connection_.thread().service().options.message_timeout);
      }
      break;
    }
    request_ = reader_.take();
    keep_alive_ = request_.keep_alive;
    answering_ = true;
    begun_ = announced_ = silent_ = false;
    connection_.clear_deadline();
    handle();
  }
  reading_requests_ = false;
  if (gone_ || answering_) return;
  if (!reader_.unfinished() && in_.empty()) std::string().swap(in_);
  if (!connection_.reading()) connection_.resume_reading();
}

void HttpStream::read_requests_soon() {
  if (reading_requests_) return;            // it goes on by itself, when the answer has been given
  if (in_.empty()) return read_requests();  // nothing to handle: only goes on reading
  connection_.thread().post([this, alive = connection_.shared_from_this()] { read_requests(); });
}

void HttpStream::go_on(http::Request request, std::string rest) {
  silent_ = false;
  in_ = std::move(rest);
  request_ = std::move(request);
  keep_alive_ = request_.keep_alive;
  answering_ = true;
  connection_.clear_deadline();
  handle();
  read_requests();
}

void HttpStream::go_on(http::RequestReader reader, std::string rest) {
  in_ = std::move(rest);
  reader_ = std::move(reader);
  begun_ = true;
  connection_.set_deadline(connection_.thread().service().options.message_timeout);
  await_body();
  read_requests();
}

void HttpStream::await_body() {
  if (!std::exchange(announced_, true)) announce_post();
  if (gone_ || answering_ || !reader_.wants_continue()) return;
  out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  flush();
}

void HttpStream::announce_post() {
  const http::Request* const request = reader_.begun();
  IoThread& thread = connection_.thread();
  if (request->method != "POST" || thread.service().endpoint_at(request->path) == nullptr) return;
  if (!host_allowed(*request, thread.service().options)) return;
  if (!origin_allowed(*request, thread.service().options.cors_origins)) return;
  const auto sid = request->parameter("sid").value_or("");
  const auto home = EngineSession::thread_of(sid);
  if (!home || *home >= thread.service().threads.size()) return;
  if (*home != thread.index()) return migrate(*home, false);
  EngineSession* const session = thread.find(sid);
  if (session == nullptr || session->closed() || !session->polling()) return;  // is said when it is whole
  request_ = *request;  // an answer to half a request ends the connection
  keep_alive_ = false;
  posted_ = session;
  if (session->begin_post(*this)) return;
  respond_error(400, "Bad request", 3);
}

// --- bytes out -------------------------------------------------------------------------------------------------------

void HttpStream::respond(int status, std::string_view fields, std::string_view body) {
  if (gone_) return;
  answering_ = true;  // also if but half of it had come
  pending_.reset();
  polled_ = nullptr;  // answered: the session does not know of us any more
  if (EngineSession* const session = std::exchange(posted_, nullptr)) session->post_gone(*this);
  http::append_response_head(out_, status, fields, body.size(), keep_alive_);
  if (request_.method != "HEAD") out_ += body;
  flush();
}

bool HttpStream::peer_is_this_machine() const { return is_loopback_peer(connection_.socket()); }

bool HttpStream::may_publish() { return publish_rate_.take(connection_.thread().service().clock.steady()); }

void HttpStream::await(std::shared_ptr<PendingAnswer> answer) { pending_ = std::move(answer); }

void HttpStream::begin_body(int status, std::string_view fields, Millis quiet) {
  quiet_ = quiet;
  chunked_ = request_.minor_version > 0;
  if (!chunked_) keep_alive_ = false;
  http::append_streamed_head(out_, status, fields, chunked_, keep_alive_);
}

void HttpStream::give(std::string_view bytes) {
  if (gone_) return;
  if (chunked_) {
    http::append_chunk(out_, bytes);
  } else {
    out_ += bytes;
  }
  flush();
}

void HttpStream::end_body(std::string_view bytes) {
  if (gone_) return;
  pending_.reset();
  quiet_ = {};
  if (chunked_ && !bytes.empty()) http::append_chunk(out_, bytes);
  if (chunked_) http::append_chunk(out_, {});
  if (!chunked_) out_ += bytes;
  flush();
}

void HttpStream::cut_off() {
  if (gone_) return;
  gone_ = true;
  drop_session();
  connection_.finish();
}

void HttpStream::respond_text(int status, std::string_view text, std::string_view fields) {
  respond(status, fmt::format("{}{}{}", kTextPlain, kNoStore, fields), fmt::format("{}\n", text));
}

void HttpStream::respond_file(std::string_view fields, std::string_view file) {
  if (gone_) return;
  http::append_response_head(out_, 200, fields, file.size(), keep_alive_);
  if (request_.method != "HEAD") file_ = file;
  flush();
}

std::size_t HttpStream::push() {
  const std::size_t before = bytes_left();
  out_sent_ += connection_.write(std::string_view(out_).substr(out_sent_));
  if (out_sent_ == out_.size()) file_.remove_prefix(connection_.write(file_));
  return before - bytes_left();
}

Millis HttpStream::patience() { return patience_.next(connection_.thread().service().clock.steady(), bytes_left()); }

void HttpStream::flush() {
  (void)push();
  if (bytes_left() > 0) return connection_.set_deadline(patience());
  if (connection_.failed()) return;  // on_closed follows
  std::string().swap(out_);
  out_sent_ = 0;
  patience_.reset();
  carried_for_.clear();
  if (pending_) {
    if (quiet_ == Millis(0)) {
      connection_.clear_deadline();
    } else {
      connection_.set_deadline(quiet_);
    }
    const auto answer = pending_;
    return answer->on_room();
  }
  if (!answering_ || polled_ != nullptr || posted_ != nullptr) return;
  answering_ = false;
  request_ = {};
  if (!keep_alive_ || connection_.thread().service().draining) {
    gone_ = true;
    connection_.finish();
    return;
  }
  connection_.set_deadline(limits::kHttpIdleTimeout);
  read_requests_soon();
}

void HttpStream::on_writable() {
  if (!gone_) flush();
}

void HttpStream::on_timeout() {
  if (pending_ && out_.empty()) {
    const auto answer = pending_;
    return answer->on_quiet();
  }
  if (bytes_left() > 0 && patience() > Millis(0)) {
    // The kernel announces room only when a third of its buffer is free: a slow reader may have made some before.
    if (push() > 0) return flush();
  }
  // Between requests silence just ends the connection; in the middle of one it is worth a word (RFC 9110, 408).
  gone_ = true;
  if (!out_.empty()) {
    count(Refused::unread_answer);
  } else if (reader_.unfinished()) {
    count(Refused::request_timeout);
    std::string answer;
    http::append_response_head(answer, 408, {}, 0, false);
    (void)connection_.write(answer);
  } else if (silent_) {
    count(Refused::silent_connection);
  }
  drop_session();
  connection_.finish();
}

void HttpStream::count(Refused kind) { connection_.thread().service().refusals.count(kind); }

void HttpStream::on_drain() {
  if (const auto answer = pending_) return answer->on_drain();
  if (answering_) return;  // flush() ends it
  gone_ = true;
  drop_session();
  connection_.finish();
}

void HttpStream::on_closed() {
  gone_ = true;
  drop_session();
}

void HttpStream::drop_session() {
  pending_.reset();
  if (EngineSession* const session = std::exchange(polled_, nullptr)) session->poll_gone();
  if (EngineSession* const session = std::exchange(posted_, nullptr)) session->post_gone(*this);
  // Records in an answer that was not written are lost to the session: its client has to come back for them.
  if (EngineSession* const session = connection_.thread().find(carried_for_)) {
    session->close(CloseReason::transport_closed);
  }
}

// --- routes ----------------------------------------------------------------------------------------------------------

void HttpStream::handle() {
  const Endpoint* const endpoint = connection_.thread().service().endpoint_at(request_.path);
  if (endpoint != nullptr) return handle_engine(*endpoint);
  if (find_asset(request_.path) != nullptr) return serve_asset();
  if (is_api_path(request_.path)) return serve_api(*this);
  if (request_.path == "/healthz" || request_.path == "/readyz") return serve_health();
  if (request_.path == "/metrics") return serve_metrics();
  if (const auto page = std::string_view(request_.path).substr(0, request_.path.size() - 1);
      request_.path.ends_with('/') && find_asset(page) != nullptr) {
    return respond_text(308, fmt::format("It is at {}.", page), fmt::format("Location: {}\r\n", page));
  }
  respond_text(
      404, "Not found. The chat is at /, the inspector at /inspect, Socket.IO at /socket.io/, the API at /api/v1/.");
}

void HttpStream::serve_asset() {
  if (request_.method != "GET" && request_.method != "HEAD") {
    return respond_text(405, "Only GET and HEAD are served here.", "Allow: GET, HEAD\r\n");
  }
  const Asset& asset = *find_asset(request_.path);
  const bool gzip = !asset.gzip.empty() && accepts_gzip(request_);
  const auto etag = gzip ? asset.gzip_etag : asset.etag;
  std::string fields =
      fmt::format("{}Cache-Control: no-cache\r\nVary: Accept-Encoding\r\nETag: {}\r\n", kSecurityFields, etag);
  if (matches_any(request_.field("if-none-match").value_or(""), etag)) {
    if (gone_) return;
    http::append_response_head(out_, 304, fields, 0, keep_alive_);
    return flush();
  }
  fields += fmt::format("Content-Type: {}\r\n", asset.content_type);
  if (gzip) fields += "Content-Encoding: gzip\r\n";
  respond_file(fields, gzip ? asset.gzip : asset.body);
}

void HttpStream::serve_health() {
  if (request_.method != "GET" && request_.method != "HEAD") {
    return respond_text(405, "Only GET and HEAD are served here.", "Allow: GET, HEAD\r\n");
  }
  if (request_.path == "/healthz") return respond_text(200, "ok");
  Service& service = connection_.thread().service();
  if (service.draining) return respond_text(503, "shutting down");
  const std::string why = service.log.why_not_writable();
  if (!why.empty()) return respond_text(503, "log not writable: " + why);
  // It serves, and what can be read is given to everybody: this is for whoever can mend the rest.
  const auto unreadable = service.read_failures.places();
  if (unreadable.empty()) return respond_text(200, "ready");
  respond_text(200, fmt::format("ready, but of the log {} could not be read (/api/v1/info lists what): {}",
                                unreadable.size() == 1 ? "one place" : fmt::format("{} places", unreadable.size()),
                                unreadable.back().sentence));
}

void HttpStream::serve_metrics() {
  if (request_.method != "GET" && request_.method != "HEAD") {
    return respond_text(405, "Only GET and HEAD are served here.", "Allow: GET, HEAD\r\n");
  }
  respond(200, fmt::format("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n{}", kNoStore),
          metrics_text(connection_.thread().service()));
}

// --- Engine.IO -------------------------------------------------------------------------------------------------------

void HttpStream::respond_error(int status, std::string_view message, int code) {
  std::string body = fmt::format(R"({{"code":{},"message":)", code);
  json::append_string(body, message);
  body += '}';
  respond(status, fmt::format("Content-Type: application/json\r\n{}{}", kNoStore, cors_fields(request_)), body);
}

void HttpStream::respond_poll(std::string_view body) {
  carried_for_ = request_.parameter("sid").value_or("");
  respond(200, fmt::format("{}{}{}", kTextPlain, kNoStore, cors_fields(request_)), body);
}

void HttpStream::respond_posted() {
  respond(200, fmt::format("Content-Type: text/html\r\n{}{}", kNoStore, cors_fields(request_)), "ok");
}

void HttpStream::handle_engine(const Endpoint& endpoint) {
  IoThread& thread = connection_.thread();
  if (!host_allowed(request_, thread.service().options)) {
    count(Refused::foreign_host);
    keep_alive_ = false;
    return respond_text(403,
                        "This server listens on its own machine only and is not known by the name in the Host field; "
                        "--cors-origin lists the names of a proxy in front of it.");
  }
  if (!origin_allowed(request_, thread.service().options.cors_origins)) {
    count(Refused::foreign_origin);
    keep_alive_ = false;
    return respond_text(403, "This origin is not allowed; the server's --cors-origin lists those that are.");
  }
  if (request_.method == "OPTIONS") {
    return respond(204,
                   cors_fields(request_) +
                       "Access-Control-Allow-Methods: GET, POST\r\nAccess-Control-Allow-Headers: Content-Type\r\n"
                       "Access-Control-Max-Age: 600\r\n",
                   {});
  }
  if (request_.parameter("EIO") != "4") return refuse(Refused::bad_request, 400, "Unsupported protocol version", 5);
  const auto transport = request_.parameter("transport");
  if (transport != "polling" && transport != "websocket")
    return refuse(Refused::bad_request, 400, "Transport unknown", 0);
  const bool websocket = transport == "websocket";
  const auto sid = request_.parameter("sid");
  if (!sid) {
    if (request_.method != "GET") return refuse(Refused::bad_request, 400, "Bad handshake method", 2);
    if (websocket != websocket::wants_upgrade(request_)) return refuse(Refused::bad_request, 400, "Bad request", 3);
    if (thread.service().draining) return respond_error(503, "Service unavailable", 3);
    if (!thread.has_room()) return refuse(Refused::too_many_sessions, 503, "Too many clients", 3);
    return websocket ? upgrade(endpoint, nullptr) : open_session(endpoint);
  }
  const auto home = EngineSession::thread_of(*sid);
  if (!home || *home >= thread.service().threads.size())
    return refuse(Refused::unknown_session, 400, "Session ID unknown", 1);
  if (*home != thread.index()) return migrate(*home, true);
  EngineSession* const session = thread.find(*sid);
  const bool announced = posted_ != nullptr;
  if (session != nullptr) session->keep_time();
  if (announced && posted_ == nullptr) return;  // the session has ended, and its end was the answer
  if (session == nullptr || session->closed()) return refuse(Refused::unknown_session, 400, "Session ID unknown", 1);
  if (websocket != websocket::wants_upgrade(request_)) return refuse(Refused::bad_request, 400, "Bad request", 3);
  if (websocket) return upgrade(endpoint, session);
  if (!session->polling()) return refuse(Refused::bad_request, 400, "Bad request", 3);
  handle_poll(*session);
}

void HttpStream::refuse(Refused kind, int status, std::string_view message, int code) {
  count(kind);
  respond_error(status, message, code);
}

void HttpStream::open_session(const Endpoint& endpoint) {
  auto session = std::make_unique<EngineSession>(connection_.thread(), endpoint, true);
  const std::string handshake = session->handshake();
  connection_.thread().add(std::move(session));
  respond_poll(handshake);
}

void HttpStream::handle_poll(EngineSession& session) {
  if (request_.method == "GET") {
    polled_ = &session;
    return session.poll(*this);
  }
  if (request_.method == "POST") {
    posted_ = &session;
    return session.post(*this, std::move(request_.body));
  }
  refuse(Refused::bad_request, 400, "Bad request", 3);
}

void HttpStream::upgrade(const Endpoint& endpoint, EngineSession* session) {
  const auto answer = websocket::answer_handshake(request_);
  if (answer.status != 101) {
    count(Refused::bad_request);
    keep_alive_ = false;
    return respond_text(answer.status, answer.error, "Sec-WebSocket-Version: 13\r\n");
  }
  IoThread& thread = connection_.thread();
  auto stream = std::make_unique<WebSocketStream>(connection_, thread.service().options.max_payload);
  WebSocketStream& websocket = *stream;
  // A second one for the same session is not refused by a status: the protocol's test suite expects it to open and close.
  const bool surplus = session != nullptr && !session->begin_upgrade(websocket);
  out_ += fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
      "{}\r\n\r\n",
      answer.accept);
  // A socket that cannot take these few bytes is not worth waiting for.
  gone_ = true;
  const bool sent = connection_.write(out_) == out_.size();
  if (!sent) {
    if (session != nullptr && !surplus) session->websocket_gone(websocket);
    return connection_.close();
  }
  connection_.clear_deadline();
  std::string rest = std::move(in_);
  connection_.set_handler(std::move(stream));  // this stream is destroyed at the end of the turn
  if (surplus) {
    count(Refused::surplus_websocket);
    return websocket.end_session(kPolicyViolation, "this session has its WebSocket already");
  }
  if (session != nullptr) {
    websocket.probe(*session);
  } else {
    auto opened = std::make_unique<EngineSession>(thread, endpoint, false);
    EngineSession& added = *opened;
    thread.add(std::move(opened));
    websocket.carry(added);
  }
  if (!connection_.reading()) connection_.resume_reading();
  if (!rest.empty()) websocket.feed(rest);
}

void HttpStream::migrate(std::uint32_t thread, bool whole) {
  gone_ = true;
  IoThread& target = *connection_.thread().service().threads[thread];
  auto slot = connection_.address_slot();
  const int descriptor = connection_.release();
  if (descriptor < 0) return;
  struct Baggage {
    http::Request request;
    http::RequestReader reader;
    std::string rest;
    AddressLimit::Slot slot;
  };
  target.post([&target, descriptor, whole,
               baggage = std::make_shared<Baggage>(std::move(request_), std::move(reader_), std::move(in_),
                                                   std::move(slot))]() {
    SystemError error;
    TcpSocket socket(target.context());
    socket.assign(tcp::v4(), descriptor, error);  // the protocol is used for nothing after connecting
    if (error) {
      ::close(descriptor);
      return;
    }
    auto connection = target.adopt(std::move(socket), std::move(baggage->slot));
    auto stream = std::make_unique<HttpStream>(*connection);
    HttpStream& http = *stream;
    connection->set_handler(std::move(stream));
    connection->start();
    if (whole) {
      http.go_on(std::move(baggage->request), std::move(baggage->rest));
    } else {
      http.go_on(std::move(baggage->reader), std::move(baggage->rest));
    }
  });
}

}  // namespace tidemark
