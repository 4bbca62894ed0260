// The memory engine: a log that lasts as long as its process. For trying things out and for tests; it is also the model
// the durable engines are compared with, so it is simple before it is fast.
//
// One shared lock: visitors run under it, so a visitor must not call the store (no engine allows that).
#pragma once

#include <memory>

#include "src/base/epoch.h"
#include "src/log/log_store.h"

namespace tidemark {

[[nodiscard]] std::unique_ptr<LogStore> make_memory_store(Epoch epoch);

}  // namespace tidemark
