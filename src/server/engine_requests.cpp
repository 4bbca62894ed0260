#include "src/server/engine_requests.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/websocket/websocket.h"
#include "src/server/engine_answers.h"
#include "src/server/engine_session.h"
#include "src/server/http_stream.h"
#include "src/server/io_thread.h"
#include "src/server/origin_policy.h"
#include "src/server/service.h"
#include "src/server/websocket_stream.h"

namespace tidemark {
namespace {

constexpr std::uint16_t kPolicyViolation = 1008;  // RFC 6455 section 7.4.1

void count(HttpStream& http, Refused kind) { http.thread().service().refusals.count(kind); }

void refuse(HttpStream& http, Refused kind, int status, EngineError error) {
  count(http, kind);
  respond_engine_error(http, status, error);
}

/// By its Host and its Origin. False, and answered: from elsewhere than the server is for.
bool let_in(HttpStream& http) {
  const ServeOptions& options = http.thread().service().options;
  if (!host_allowed(http.request(), options)) {
    count(http, Refused::foreign_host);
    http.close_behind_answer();
    http.respond_text(403,
                      "This server listens on its own machine only and is not known by the name in the Host field; "
                      "--cors-origin lists the names of a proxy in front of it.");
    return false;
  }
  if (!origin_allowed(http.request(), options.cors_origins)) {
    count(http, Refused::foreign_origin);
    http.close_behind_answer();
    http.respond_text(403, "This origin is not allowed; the server's --cors-origin lists those that are.");
    return false;
  }
  return true;
}

/// To the WebSocket of `session`, or of a new one.
void upgrade(HttpStream& http, const Endpoint& endpoint, EngineSession* session) {
  const auto answer = websocket::answer_handshake(http.request());
  if (answer.status != 101) {
    count(http, Refused::bad_request);
    http.close_behind_answer();
    return http.respond_text(answer.status, answer.error, "Sec-WebSocket-Version: 13\r\n");
  }
  IoThread& thread = http.thread();
  Connection& connection = http.connection();
  auto stream = std::make_unique<WebSocketStream>(connection, thread.service().options.max_payload);
  WebSocketStream& websocket = *stream;
  // A second one for the same session is not refused by a status: the protocol's test suite expects it to open and close.
  const bool surplus = session != nullptr && !session->begin_upgrade(websocket);
  auto rest = http.switch_protocols(
      fmt::format("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Accept: {}\r\n\r\n",
                  answer.accept));
  if (!rest) {
    if (session != nullptr && !surplus) session->websocket_gone(websocket);
    return connection.close();
  }
  connection.set_handler(std::move(stream));  // the HTTP stream is destroyed at the end of the turn
  if (surplus) {
    count(http, Refused::surplus_websocket);
    return websocket.end_session(kPolicyViolation, "this session has its WebSocket already");
  }
  if (session != nullptr) {
    websocket.probe(*session);
  } else {
    auto opened = std::make_unique<EngineSession>(thread, endpoint, false, std::move(http.publish_allowance()));
    EngineSession& added = *opened;
    thread.add(std::move(opened));
    websocket.carry(added);
  }
  if (!connection.reading()) connection.resume_reading();
  if (!rest->empty()) websocket.feed(*rest);
}

void open_session(HttpStream& http, const Endpoint& endpoint, bool websocket) {
  if (http.request().method != "GET") return refuse(http, Refused::bad_request, 400, kBadHandshakeMethod);
  if (websocket != websocket::wants_upgrade(http.request())) {
    return refuse(http, Refused::bad_request, 400, kBadRequest);
  }
  IoThread& thread = http.thread();
  if (thread.service().draining) return respond_engine_error(http, 503, kUnavailable);
  if (!thread.has_room()) return refuse(http, Refused::too_many_sessions, 503, kTooManyClients);
  if (websocket) return upgrade(http, endpoint, nullptr);
  AddressLimit::Slot place;
  if (!AddressLimit::take_beside(http.connection().address_slot(), place)) {
    return refuse(http, Refused::too_many_connections_of_address, 503, kTooManyClients);
  }
  auto session = std::make_unique<EngineSession>(thread, endpoint, true,
                                                 thread.service().publish_allowances.open(http.connection().peer()));
  session->hold_place(std::move(place));
  const std::string handshake = session->handshake();
  thread.add(std::move(session));
  respond_poll(http, handshake);
}

/// A request to the session that it names.
void go_to_session(HttpStream& http, const Endpoint& endpoint, std::string_view sid, bool websocket) {
  IoThread& thread = http.thread();
  const auto home = EngineSession::thread_of(sid);
  if (!home || *home >= thread.service().threads.size()) {
    return refuse(http, Refused::unknown_session, 400, kUnknownSession);
  }
  if (*home != thread.index()) return http.migrate(*home);
  EngineSession* const session = thread.find(sid);
  const bool announced = http.posting();
  if (session != nullptr) session->keep_time();
  if (announced && !http.posting()) return;  // the session has ended, and its end was the answer
  if (session == nullptr || session->closed()) return refuse(http, Refused::unknown_session, 400, kUnknownSession);
  if (websocket != websocket::wants_upgrade(http.request())) {
    return refuse(http, Refused::bad_request, 400, kBadRequest);
  }
  if (websocket) return upgrade(http, endpoint, session);
  if (!session->polling()) return refuse(http, Refused::bad_request, 400, kBadRequest);
  if (http.request().method == "GET") return http.poll(*session);
  if (http.request().method == "POST") return http.post(*session);
  refuse(http, Refused::bad_request, 400, kBadRequest);
}

}  // namespace

void serve_engine_request(HttpStream& http, const Endpoint& endpoint) {
  if (!let_in(http)) return;
  const http::Request& request = http.request();
  if (request.method == "OPTIONS") {
    return http.respond(204,
                        cors_fields(request) +
                            "Access-Control-Allow-Methods: GET, POST\r\nAccess-Control-Allow-Headers: Content-Type\r\n"
                            "Access-Control-Max-Age: 600\r\n",
                        {});
  }
  if (request.parameter("EIO") != "4") return refuse(http, Refused::bad_request, 400, kUnsupportedVersion);
  const auto transport = request.parameter("transport");
  const bool websocket = transport == "websocket";
  if (!websocket && transport != "polling") return refuse(http, Refused::bad_request, 400, kUnknownTransport);
  const auto sid = request.parameter("sid");
  if (!sid) return open_session(http, endpoint, websocket);
  go_to_session(http, endpoint, *sid, websocket);
}

void announce_engine_request(HttpStream& http, const http::Request& head) {
  IoThread& thread = http.thread();
  if (head.method != "POST") return;
  if (!host_allowed(head, thread.service().options)) return;
  if (!origin_allowed(head, thread.service().options.cors_origins)) return;
  const auto sid = head.parameter("sid").value_or("");
  const auto home = EngineSession::thread_of(sid);
  if (!home || *home >= thread.service().threads.size()) return;
  if (*home != thread.index()) return http.migrate(*home);
  EngineSession* const session = thread.find(sid);
  if (session == nullptr || session->closed() || !session->polling()) return;  // is said when it is whole
  if (!http.begin_post(*session)) respond_engine_error(http, 400, kBadRequest);
}

}  // namespace tidemark
