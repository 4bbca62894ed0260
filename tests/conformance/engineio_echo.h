// Engine.IO alone: each message goes back as it came.
#pragma once

#include "src/server/conversation.h"

namespace tidemark::conformance {

[[nodiscard]] Endpoint engineio_echo();

}  // namespace tidemark::conformance
