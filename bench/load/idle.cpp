// idle: N clients that have joined and say nothing. The server's resident memory before and after, per connection.
// A few clients come and go first, so that what a server sets up once is not counted.
#include "bench/load/run.h"
#include "bench/load/usage.h"

namespace tidemark::load {
namespace {

constexpr std::uint32_t kWarmUpClients = 100;
constexpr double kSettleSeconds = 2;

class Idle final : public Run {
 public:
  explicit Idle(const Options& options) : Run(options) {}

  Failure run(Report& report) {
    const auto anywhere = [&](std::uint32_t i) {
      Connection::Place where = place();
      if (options_.channel_per_publisher) where.channel = "/chat/" + std::to_string(i);
      return where;
    };
    if (!gather(kWarmUpClients, anywhere)) return failure();
    crowd_.close();
    serve_for(kSettleSeconds);

    const Usage before = usage_of(options_.server_pid);
    const auto begin_ns = now_ns();
    if (!gather(options_.clients, anywhere)) return failure();
    const double joining_s = static_cast<double>(now_ns() - begin_ns) * 1e-9;
    const Usage joined = usage_of(options_.server_pid);
    serve_for(kSettleSeconds);
    const Usage after = usage_of(options_.server_pid);
    if (failed()) return failure();

    crowd_.abort();
    serve_for(kSettleSeconds);
    const Usage gone = usage_of(options_.server_pid);

    report.count("clients", options_.clients);
    report.number("rss_before_kb", before.rss_kb);
    report.number("rss_after_kb", after.rss_kb);
    report.number("rss_kb_per_connection", (after.rss_kb - before.rss_kb) / options_.clients);
    report.number("rss_peak_kb", after.rss_peak_kb);
    report.number("rss_gone_kb", gone.rss_kb);
    report.number("joins_per_s", options_.clients / joining_s);
    report.number("cpu_us_per_join", (joined.cpu_s - before.cpu_s) * 1e6 / options_.clients);
    return {};
  }
};

}  // namespace

Failure run_idle(const Options& options, Report& report) { return Idle(options).run(report); }

}  // namespace tidemark::load
