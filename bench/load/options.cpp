#include "bench/load/options.h"

#include <charconv>
#include <cstdio>
#include <functional>
#include <map>
#include <string_view>

#include "bench/load/message.h"

namespace tidemark::load {
namespace {

constexpr std::string_view kUsage =
    "usage: load fanout|append|fair|idle|slow|storm|bare --port PORT [--pid PID] [options]\n"
    "  all      --label TEXT  --channel NAMESPACE  --bytes N  --warm-up S  --seconds S  --patience S\n"
    "  fanout   --clients N  --publishers P  --in-flight W | --rate PER_SECOND\n"
    "  append   --publishers P  --channel-per-publisher\n"
    "  fair     --publishers P  --flooders F\n"
    "  idle     --clients N\n"
    "  slow     --clients N  --stalled S  --trickling T  --publishers P  --in-flight W\n"
    "  storm    --clients N  --messages M  --recover session|serverOffset  --away S\n"
    "  bare     --clients N  --in-flight W | --rate PER_SECOND  --frame-bytes B  --server-cpu C  (needs no port)\n";

constexpr std::uint32_t kClientsMax = 100'000;
constexpr std::uint32_t kPublishersMax = 9'999;  // four digits in a message's stamp
constexpr std::uint32_t kInFlightMax = 65'536;
constexpr std::uint32_t kMessagesMax = 100'000;
constexpr std::size_t kTextBytesMax = 60'000;  // a frame with a 16-bit length
constexpr double kSecondsMax = 600;

template <typename T>
bool number(std::string_view text, T low, T high, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= low && value <= high;
}

bool choose_mode(std::string_view name, Mode& mode) {
  static const std::map<std::string_view, Mode> modes = {
      {"fanout", Mode::fanout}, {"append", Mode::append}, {"fair", Mode::fair}, {"idle", Mode::idle},
      {"slow", Mode::slow},     {"storm", Mode::storm},   {"bare", Mode::bare}};
  const auto found = modes.find(name);
  if (found == modes.end()) return false;
  mode = found->second;
  return true;
}

std::nullopt_t refuse(std::string_view why, std::string_view what) {
  std::fprintf(stderr, "load: %.*s %.*s\n%.*s", static_cast<int>(why.size()), why.data(), static_cast<int>(what.size()),
               what.data(), static_cast<int>(kUsage.size()), kUsage.data());
  return std::nullopt;
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv) {
  Options o;
  using Take = std::function<bool(std::string_view)>;
  const std::map<std::string_view, Take> flags = {
      {"--label", [&](auto v) { return o.label = v, !v.empty(); }},
      {"--port", [&](auto v) { return number<std::uint16_t>(v, 1, 65535, o.port); }},
      {"--pid", [&](auto v) { return number<pid_t>(v, 1, 1 << 30, o.server_pid); }},
      {"--channel", [&](auto v) { return o.channel = v, v.starts_with('/'); }},
      {"--clients", [&](auto v) { return number<std::uint32_t>(v, 1, kClientsMax, o.clients); }},
      {"--publishers", [&](auto v) { return number<std::uint32_t>(v, 1, kPublishersMax, o.publishers); }},
      {"--in-flight", [&](auto v) { return number<std::uint32_t>(v, 1, kInFlightMax, o.in_flight); }},
      {"--rate", [&](auto v) { return number<double>(v, 0.1, 1e6, o.rate); }},
      {"--messages", [&](auto v) { return number<std::uint32_t>(v, 1, kMessagesMax, o.messages); }},
      {"--stalled", [&](auto v) { return number<std::uint32_t>(v, 0, kClientsMax, o.stalled); }},
      {"--trickling", [&](auto v) { return number<std::uint32_t>(v, 0, kClientsMax, o.trickling); }},
      {"--flooders", [&](auto v) { return number<std::uint32_t>(v, 0, kPublishersMax / 2, o.flooders); }},
      {"--away", [&](auto v) { return number<double>(v, 0, kSecondsMax, o.away_s); }},
      {"--bytes", [&](auto v) { return number<std::size_t>(v, kStampBytes, kTextBytesMax, o.text_bytes); }},
      {"--frame-bytes", [&](auto v) { return number<std::size_t>(v, 126, kTextBytesMax, o.frame_bytes); }},
      {"--warm-up", [&](auto v) { return number<double>(v, 0, kSecondsMax, o.warm_up_s); }},
      {"--seconds", [&](auto v) { return number<double>(v, 0.1, kSecondsMax, o.seconds); }},
      {"--patience", [&](auto v) { return number<double>(v, 0.1, kSecondsMax, o.patience_s); }},
      {"--server-cpu", [&](auto v) { return number<int>(v, 0, 1023, o.server_cpu); }},
      {"--recover",
       [&](auto v) {
         o.recovery = v == "session" ? Recovery::session : Recovery::server_offset;
         return v == "session" || v == "serverOffset";
       }},
  };

  if (argc < 2 || !choose_mode(argv[1], o.mode)) return refuse("no such mode:", argc < 2 ? "(none)" : argv[1]);
  for (int i = 2; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--channel-per-publisher") {
      o.channel_per_publisher = true;
      continue;
    }
    const auto found = flags.find(flag);
    if (found == flags.end()) return refuse("no such option:", flag);
    if (++i == argc) return refuse("a value is missing after", flag);
    if (!found->second(argv[i])) return refuse("not a value that can be used:", std::string(flag) + " " + argv[i]);
  }
  if (o.mode != Mode::bare && o.port == 0) return refuse("missing:", "--port");
  if (o.in_flight == 0) o.in_flight = o.publishers;
  if (o.in_flight < o.publishers) o.in_flight = o.publishers;
  const bool publish_from_clients = o.mode == Mode::fanout || o.mode == Mode::slow || o.mode == Mode::bare;
  if (publish_from_clients && o.publishers > o.clients) return refuse("more publishers than", "--clients");
  if (o.mode == Mode::slow && o.stalled + o.publishers > o.clients)
    return refuse("publishers do not stall; too many", "--stalled");
  return o;
}

}  // namespace tidemark::load
