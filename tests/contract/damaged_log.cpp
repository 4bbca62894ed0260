#include "tests/contract/damaged_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/log/channel_index.h"
#include "src/log/dedupe_window.h"

namespace tidemark::contract {
namespace {

class Collector final : public VerifyListener {
 public:
  explicit Collector(std::vector<Finding>& findings) : findings_(findings) {}
  void on_finding(const Finding& finding) override { findings_.push_back(finding); }
  bool on_progress(std::uint64_t, std::uint64_t) override { return true; }

 private:
  std::vector<Finding>& findings_;
};

}  // namespace

bool Verified::mentions(std::string_view wanted) const { return text().find(wanted) != std::string::npos; }

std::string Verified::text() const {
  std::string all;
  for (const Finding& finding : findings) all += finding.text + '\n';
  return all;
}

Verified verified(const LogStore& store, const std::filesystem::path& directory) {
  VerifyOptions options;
  const auto holes = read_holes(directory);
  if (!holes) FAIL(holes.error().context);
  options.holes = *holes;
  const auto floor = HeadFloor::read(directory);
  if (!floor) FAIL(floor.error().context);
  options.floor = *floor;
  Verified result;
  Collector collector(result.findings);
  const auto verdict = verify_log(store, options, collector);
  if (!verdict) FAIL(verdict.error().context);
  result.verdict = *verdict;
  return result;
}

Result<Verified> verified(std::string_view engine, const std::filesystem::path& directory) {
  const auto store = open_store(engine, {.directory = directory, .epoch_if_new = kEpoch, .read_only = true});
  if (!store) return std::unexpected(store.error());
  return verified(**store, directory);
}

Result<Salvaged> salvaged(std::string_view engine, const std::filesystem::path& from, const std::filesystem::path& to,
                          Epoch epoch) {
  const auto damaged = open_store(engine, {.directory = from, .epoch_if_new = epoch, .read_only = true});
  if (!damaged) return std::unexpected(damaged.error());
  const auto holes = read_holes(from);
  const auto floor = HeadFloor::read(from);
  if (!holes || !floor) FAIL("beside the log");
  const SalvageOptions options{
      .directory = to,
      .epoch = epoch,
      .holes = *holes,
      .floor = *floor,
      .open = [&] { return open_store(engine, {.directory = to, .epoch_if_new = epoch, .accept_loss = true}); },
      .on_progress = [](std::uint64_t, std::uint64_t) { return true; }};
  return salvage(**damaged, options);
}

void append_indexed(LogStore& store, const std::vector<Record>& records) {
  const auto state = store.state();
  ChannelIndex index(state.head == Offset() ? Offset(1) : segment_first(segment_of(state.head.next())));
  for (std::size_t begin = 0; begin < records.size(); begin += limits::kBatchRecords) {
    const auto end = std::min(records.size(), begin + limits::kBatchRecords);
    std::vector<RecordView> batch;
    for (auto i = begin; i < end; ++i) {
      batch.push_back(records[i].view());
      index.stage(records[i].channel, records[i].offset);
      if (records[i].client_key.empty()) continue;
      index.stage_key(DedupeWindow::hash(records[i].channel, records[i].client_key), records[i].offset);
    }
    const auto done = store.append(batch, index.finished());
    if (!done) FAIL(done.error().context);
    index.commit();
  }
}

std::vector<Record> records_of_channels(std::uint64_t first, std::uint64_t last) {
  std::vector<Record> records;
  for (auto offset = first; offset <= last; ++offset) {
    records.push_back(record_at(offset, offset % 2 == 0 ? "/busy" : fmt::format("/room-{}", offset % 7)));
  }
  return records;
}

std::map<std::string, std::string> contents(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    files[std::filesystem::relative(entry.path(), directory).string()] = content_of(entry.path());
  }
  return files;
}

}  // namespace tidemark::contract
