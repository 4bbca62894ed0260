// Routes: which path is answered by whom. I/O thread of the stream.
#pragma once

#include "protocol/http/http.h"

namespace tidemark {

class HttpStream;

/// Answers the stream's request, now or later.
void route(HttpStream& http);

/// A request's head is here and its body is not: for those who count it from now on. May answer it.
void route_head(HttpStream& http, const http::Request& head);

}  // namespace tidemark
