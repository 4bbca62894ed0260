// A connection that speaks HTTP/1.1: reads requests one after the other, answers each before the next (pipelined ones
// wait), keeps the connection alive, and leaves it to a WebSocketStream where one is asked for.
//
// To answer is safe at any point of the caller's work: the request behind the one that is answered is handled in a task of
// its own, never inside of the answer. It may be for the very session that gives the answer, and would find it half way
// between two states.
//
// A request that names an Engine.IO session of another I/O thread takes the connection there: all that belongs to a
// session lives on one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "protocol/http/http.h"
#include "src/server/answer_patience.h"
#include "src/server/connection.h"
#include "src/server/pending_answer.h"
#include "src/server/publish_rate.h"
#include "src/server/refusals.h"

namespace tidemark {

class EngineSession;
struct Endpoint;

class HttpStream final : public Connection::Handler {
 public:
  explicit HttpStream(Connection& connection);
  ~HttpStream() override;

  /// Goes on with a request that was read on another thread - `reader` has it if it was not read to its end - and the
  /// bytes behind it.
  void go_on(http::Request request, std::string rest);
  void go_on(http::RequestReader reader, std::string rest);

  // --- answers from an engine session ---
  void respond_poll(std::string_view body);
  void respond_posted();
  /// {"code":...,"message":...} as the reference server has it.
  void respond_error(int status, std::string_view message, int code);

  // --- for whoever answers a request (pending_answer.h) ---
  [[nodiscard]] const http::Request& request() const { return request_; }
  [[nodiscard]] http::Request& request() { return request_; }
  [[nodiscard]] IoThread& thread() const { return connection_.thread(); }
  /// Whether the peer is a program of this machine.
  [[nodiscard]] bool peer_is_this_machine() const;
  /// The answer comes later; the stream keeps it until then, or until the client is gone. Whoever calls the answer holds
  /// it meanwhile: it may be let go of inside.
  void await(std::shared_ptr<PendingAnswer> answer);
  /// The whole answer.
  void respond(int status, std::string_view fields, std::string_view body);
  /// The head of an answer that comes in pieces. PendingAnswer::on_quiet follows each time nothing was given for
  /// `quiet`; zero: never.
  void begin_body(int status, std::string_view fields, Millis quiet = {});
  /// A piece, not empty. PendingAnswer::on_room follows when it is with the socket, perhaps at once.
  void give(std::string_view bytes);
  /// The last piece, perhaps empty.
  void end_body(std::string_view bytes = {});
  /// Whether this connection may publish once more now (--publish-rate); counts it.
  [[nodiscard]] bool may_publish();
  /// The rest cannot come: ends the connection so that the client notices.
  void cut_off();

  // Connection::Handler
  void on_bytes(std::span<char> bytes) override;
  void on_writable() override;
  void on_timeout() override;
  void on_drain() override;
  void on_closed() override;

 private:
  void read_requests();
  /// The same in a task of its own, where there is something to read.
  void read_requests_soon();
  /// A request's head is here and its body is not.
  void await_body();
  /// A POST to a session counts from its head on, however slowly its body comes.
  void announce_post();
  void handle();
  void handle_engine(const Endpoint& endpoint);
  void open_session(const Endpoint& endpoint);
  void refuse(Refused kind, int status, std::string_view message, int code);
  void handle_poll(EngineSession& session);
  /// To the WebSocket of `session`, or of a new one.
  void upgrade(const Endpoint& endpoint, EngineSession* session);
  /// To where the session of the request lives: the one that is read to its end, or that in the reader.
  void migrate(std::uint32_t thread, bool whole);
  void serve_asset();
  void serve_health();
  void serve_metrics();
  void count(Refused kind);

  /// `file` lives as long as the process.
  void respond_file(std::string_view fields, std::string_view file);
  void respond_text(int status, std::string_view text, std::string_view fields = {});
  void flush();
  /// Writes what the socket takes now; says how much that was.
  std::size_t push();
  [[nodiscard]] Millis patience();
  [[nodiscard]] std::size_t bytes_left() const { return out_.size() - out_sent_ + file_.size(); }
  void drop_session();

  Connection& connection_;
  http::RequestReader reader_;
  http::Request request_;   // the one being answered
  bool answering_ = false;  // request_ is not answered yet, or its answer not sent yet
  bool keep_alive_ = true;
  bool begun_ = false;      // a request's first bytes have come: its deadline is set
  bool announced_ = false;  // announce_post() has seen it
  bool gone_ = false;       // the connection was given away or closed
  bool reading_requests_ = false;
  PublishRate publish_rate_;
  std::shared_ptr<PendingAnswer> pending_;
  bool chunked_ = false;             // its body
  Millis quiet_{};                   // of its body
  bool silent_ = true;               // no request has come yet
  EngineSession* polled_ = nullptr;  // holds our GET
  EngineSession* posted_ = nullptr;  // holds our POST, whole or not
  std::string carried_for_;          // the session whose packets are in out_
  std::string in_;
  std::string out_;
  std::size_t out_sent_ = 0;
  std::string_view file_;  // follows out_: it is compiled in, so that slow readers hold no copies of it
  AnswerPatience patience_;
};

}  // namespace tidemark
