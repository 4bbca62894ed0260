// What /metrics says, in the text format of Prometheus. Nothing in it names a client, a channel or a session.
#pragma once

#include <string>

namespace tidemark {

struct Service;

/// Any thread.
[[nodiscard]] std::string metrics_text(const Service& service);

}  // namespace tidemark
