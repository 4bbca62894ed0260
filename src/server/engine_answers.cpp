#include "src/server/engine_answers.h"

#include <fmt/format.h>

#include <string>

#include "protocol/json/json.h"
#include "src/server/http_stream.h"
#include "src/server/origin_policy.h"
#include "src/server/response_fields.h"

namespace tidemark {

void respond_engine_error(HttpStream& http, int status, EngineError error) {
  std::string body = fmt::format(R"({{"code":{},"message":)", error.code);
  json::append_string(body, error.message);
  body += '}';
  http.respond(status, fmt::format("Content-Type: application/json\r\n{}{}", kNoStore, cors_fields(http.request())),
               body);
}

void respond_poll(HttpStream& http, std::string_view packets) {
  http.carry_for(http.request().parameter("sid").value_or(""));
  http.respond(200, fmt::format("{}{}{}", kTextPlain, kNoStore, cors_fields(http.request())), packets);
}

void respond_posted(HttpStream& http) {
  http.respond(200, fmt::format("Content-Type: text/html\r\n{}{}", kNoStore, cors_fields(http.request())), "ok");
}

}  // namespace tidemark
