// A connection that speaks HTTP/1.1: reads requests one after the other, answers each before the next (pipelined ones
// wait), keeps the connection alive, and leaves it to a WebSocketStream where one is asked for.
//
// To answer is safe at any point of the caller's work: the request behind the one that is answered is handled in a task of
// its own, never inside of the answer. It may be for the very session that gives the answer, and would find it half way
// between two states.
//
// Who answers what is not known here: routes.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/http/http.h"
#include "src/server/answer_patience.h"
#include "src/server/connection.h"
#include "src/server/pending_answer.h"
#include "src/server/publish_allowances.h"
#include "src/server/refusals.h"

namespace tidemark {

class EngineSession;

class HttpStream final : public Connection::Handler {
 public:
  explicit HttpStream(Connection& connection);
  ~HttpStream() override;

  /// Goes on with a request that was read on another thread - `reader` has it if it was not read to its end - and the
  /// bytes behind it.
  void go_on(http::Request request, std::string rest);
  void go_on(http::RequestReader reader, std::string rest);

  // --- for whoever answers a request (routes.h) ---
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
  /// A line of text, which may change by the next request.
  void respond_text(int status, std::string_view text, std::string_view fields = {});
  /// 200, and a body that lives as long as the process.
  void respond_file(std::string_view fields, std::string_view file);
  /// The connection ends with the answer.
  void close_behind_answer() { keep_alive_ = false; }
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

  // --- for requests to an engine session (engine_requests.h) ---
  [[nodiscard]] Connection& connection() const { return connection_; }
  /// The session answers the request, now or later, and is told if the stream ends before.
  void poll(EngineSession& session);
  void post(EngineSession& session);
  /// The same from a POST's head on. False: the session has one already and has closed; the caller answers.
  [[nodiscard]] bool begin_post(EngineSession& session);
  /// A session has our POST, whole or not.
  [[nodiscard]] bool posting() const { return posted_ != nullptr; }
  /// The answer that follows has records in it which the session with that sid will not give again.
  void carry_for(std::string_view sid) { carried_for_ = sid; }
  /// The connection's own, which whoever it is given to goes on with.
  [[nodiscard]] PublishAllowance& publish_allowance();
  /// The last that this stream writes: the connection gets another handler. The bytes behind the request; nothing if the
  /// socket cannot take even these few, and is not worth waiting for.
  [[nodiscard]] std::optional<std::string> switch_protocols(std::string_view head);
  /// Takes the connection to another thread, and the request with it - the one that is to be answered, or the one in the
  /// reader. All that belongs to a session lives on one thread.
  void migrate(std::uint32_t thread);

  // Connection::Handler
  void on_bytes(std::span<char> bytes) override;
  void on_writable() override;
  void on_timeout() override;
  void on_drain() override;
  void on_closed() override;

 private:
  void read_requests();
  /// What cannot be read as a request.
  void refuse(int status);
  /// The same in a task of its own, where there is something to read.
  void read_requests_soon();
  /// A request's head is here and its body is not.
  void await_body();
  void count(Refused kind);

  void flush();
  /// Writes what the socket takes now; says how much that was.
  std::size_t push();
  [[nodiscard]] Millis patience();
  [[nodiscard]] std::size_t bytes_left() const { return out_.size() - out_sent_ + file_.size(); }
  /// Nothing more comes of this stream: tells its session, gives back its allowance.
  void let_go();

  Connection& connection_;
  http::RequestReader reader_;
  http::Request request_;   // the one being answered
  bool answering_ = false;  // request_ is not answered yet, or its answer not sent yet
  bool keep_alive_ = true;
  bool begun_ = false;      // a request's first bytes have come: its deadline is set
  bool announced_ = false;  // its head was shown to route_head()
  bool gone_ = false;       // the connection was given away or closed
  bool reading_requests_ = false;
  std::optional<PublishAllowance> publish_allowance_;  // asked for by the first event
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
