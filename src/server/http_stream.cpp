#include "src/server/http_stream.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "src/base/limits.h"
#include "src/server/api/access.h"
#include "src/server/engine_session.h"
#include "src/server/io_thread.h"
#include "src/server/response_fields.h"
#include "src/server/routes.h"
#include "src/server/service.h"

namespace tidemark {
namespace {

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
               .body_bytes = connection.thread().service().options.max_payload}) {
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

void HttpStream::refuse(int status) {
  constexpr int kTooLarge = 413;
  if (status != kTooLarge) return respond_text(status, http::reason_phrase(status));
  respond_text(status, fmt::format("{}: at most {} bytes (--max-payload)", http::reason_phrase(status),
                                   connection_.thread().service().options.max_payload));
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
      refuse(reader_.error_status());
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
    route(*this);
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
  route(*this);
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
  if (!std::exchange(announced_, true)) route_head(*this, *reader_.begun());
  if (gone_ || answering_ || !reader_.wants_continue()) return;
  out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  flush();
}

// --- bytes out -------------------------------------------------------------------------------------------------------

void HttpStream::respond(int status, std::string_view fields, std::string_view body) {
  if (gone_) return;
  answering_ = true;  // also if but half of it had come
  pending_.reset();
  polled_ = nullptr;  // answered: the session does not know of us any more
  if (EngineSession* const session = std::exchange(posted_, nullptr)) session->post_gone(*this);
  if (!keep_alive_) publish_allowance_.reset();  // before the client can know that it may connect anew
  http::append_response_head(out_, status, fields, body.size(), keep_alive_);
  if (request_.method != "HEAD") out_ += body;
  flush();
}

bool HttpStream::peer_is_this_machine() const { return is_loopback_peer(connection_.socket()); }

bool HttpStream::may_publish() { return publish_allowance().take(); }

PublishAllowance& HttpStream::publish_allowance() {
  if (!publish_allowance_) {
    publish_allowance_ = connection_.thread().service().publish_allowances.open(connection_.peer());
  }
  return *publish_allowance_;
}

void HttpStream::await(std::shared_ptr<PendingAnswer> answer) { pending_ = std::move(answer); }

void HttpStream::begin_body(int status, std::string_view fields, Millis quiet) {
  quiet_ = quiet;
  chunked_ = request_.minor_version > 0;
  if (!chunked_) keep_alive_ = false;
  http::append_streamed_head(out_, status, fields, chunked_, keep_alive_);
  if (request_.method == "HEAD") chunked_ = false;  // the head says what a GET's would, and no piece follows
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
  let_go();
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
  let_go();
  connection_.finish();
}

void HttpStream::count(Refused kind) { connection_.thread().service().refusals.count(kind); }

void HttpStream::on_drain() {
  if (const auto answer = pending_) return answer->on_drain();
  if (answering_) return;  // flush() ends it
  gone_ = true;
  let_go();
  connection_.finish();
}

void HttpStream::on_closed() {
  gone_ = true;
  let_go();
}

void HttpStream::let_go() {
  pending_.reset();
  publish_allowance_.reset();
  if (EngineSession* const session = std::exchange(polled_, nullptr)) session->poll_gone();
  if (EngineSession* const session = std::exchange(posted_, nullptr)) session->post_gone(*this);
  // Records in an answer that was not written are lost to the session: its client has to come back for them.
  if (EngineSession* const session = connection_.thread().find(carried_for_)) {
    session->close(CloseReason::transport_closed);
  }
}

// --- for engine sessions ---------------------------------------------------------------------------------------------

void HttpStream::poll(EngineSession& session) {
  polled_ = &session;
  session.poll(*this);
}

bool HttpStream::begin_post(EngineSession& session) {
  request_ = *reader_.begun();  // an answer to half a request ends the connection
  keep_alive_ = false;
  posted_ = &session;
  return session.begin_post(*this);
}

void HttpStream::post(EngineSession& session) {
  posted_ = &session;
  session.post(*this, std::move(request_.body));
}

// --- elsewhere -------------------------------------------------------------------------------------------------------

std::optional<std::string> HttpStream::switch_protocols(std::string_view head) {
  out_ += head;
  gone_ = true;
  if (connection_.write(out_) < out_.size()) return std::nullopt;
  connection_.clear_deadline();
  return std::move(in_);
}

void HttpStream::migrate(std::uint32_t thread) {
  gone_ = true;
  const bool whole = answering_;
  IoThread& target = *connection_.thread().service().threads[thread];
  auto slot = connection_.address_slot();
  const int descriptor = connection_.release();
  if (descriptor < 0) return;
  struct Baggage {
    http::Request request;
    http::RequestReader reader;
    std::string rest;
    AddressLimit::Slot slot;
    std::optional<PublishAllowance> allowance;
  };
  target.post([&target, descriptor, whole,
               baggage = std::make_shared<Baggage>(std::move(request_), std::move(reader_), std::move(in_),
                                                   std::move(slot), std::move(publish_allowance_))]() {
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
    http.publish_allowance_ = std::move(baggage->allowance);
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
