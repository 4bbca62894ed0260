// Who may use the API. Without a token only programs and pages of this machine; with --api-token whoever knows it, from
// wherever, and nobody else: behind a proxy every peer looks like this machine, so that the token is asked for from all.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/http/http.h"
#include "src/config/options.h"
#include "src/server/api/parameters.h"

namespace tidemark {

/// Whether the peer of a connected socket is this machine.
[[nodiscard]] bool is_loopback_peer(int socket);

/// The origins of --cors-origin whose pages may use the API. Without a token `*` is none of them: it would open the log of
/// this machine to every page that somebody on it looks at, and to every name that was made to lead here.
[[nodiscard]] std::vector<std::string> api_origins(const ServeOptions& options);

/// Nothing if the request may be answered; else 401 or 403.
[[nodiscard]] std::optional<ApiError> why_no_access(const http::Request& request, const ServeOptions& options,
                                                    bool loopback_peer);

/// Whether two secrets are the same; takes the same time wherever they differ.
[[nodiscard]] bool same_secret(std::string_view left, std::string_view right);

}  // namespace tidemark
