// What an Engine.IO endpoint answers over HTTP. I/O thread of the stream.
#pragma once

#include <string_view>

namespace tidemark {

class HttpStream;

/// {"code":...,"message":...} as the reference server has it.
struct EngineError {
  int code;
  std::string_view message;
};
inline constexpr EngineError kUnknownTransport{0, "Transport unknown"};
inline constexpr EngineError kUnknownSession{1, "Session ID unknown"};
inline constexpr EngineError kBadHandshakeMethod{2, "Bad handshake method"};
inline constexpr EngineError kBadRequest{3, "Bad request"};
inline constexpr EngineError kUnavailable{3, "Service unavailable"};
inline constexpr EngineError kTooManyClients{3, "Too many clients"};
inline constexpr EngineError kUnsupportedVersion{5, "Unsupported protocol version"};

void respond_engine_error(HttpStream& http, int status, EngineError error);
/// The packets that a GET is answered with.
void respond_poll(HttpStream& http, std::string_view packets);
/// All packets of a POST were taken.
void respond_posted(HttpStream& http);

}  // namespace tidemark
