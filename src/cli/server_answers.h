// What a server's API says of its log, out of its JSON (docs/api.md). Nothing where it makes no sense. Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "src/cli/json_members.h"
#include "src/cli/log_reader.h"
#include "src/log/holes.h"

namespace tidemark::cli {

// --- /info ---
[[nodiscard]] std::optional<StoreState> state_in(const JsonMembers& info);
/// Those of the server included, but for its address.
[[nodiscard]] std::optional<LogFacts> facts_in(const JsonMembers& info);
[[nodiscard]] std::optional<Holes> holes_in(const JsonMembers& info);

// --- /channels ---
[[nodiscard]] std::optional<ChannelList> channels_in(const JsonMembers& answer);

// --- /losses ---
/// By channel.
[[nodiscard]] std::optional<std::map<std::string, Offset>> losses_in(const JsonMembers& answer);

}  // namespace tidemark::cli
