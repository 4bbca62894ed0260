// What a client hands back: positions have one spelling, and no pid is ours that we did not sign for this binding.
#include <algorithm>
#include <cstdint>
#include <string>

#include "src/base/position.h"
#include "src/hub/session_id.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  fuzz::Input input(data, size);
  const std::string_view text = input.rest();
  if (const auto position = Position::parse(text)) {
    FUZZ_CHECK(position->text() == text);
    FUZZ_CHECK(position->offset.value() <= Offset::kMax);
  }
  // Epoch 0 is no log's: it stands for one that cannot be read, and has no position.
  const Position made{.epoch = Epoch(std::max<std::uint64_t>(1, input.number())),
                      .offset = Offset(input.number() & Offset::kMax)};
  FUZZ_CHECK(Position::parse(made.text()) == made);

  static const SessionSigner signer(SessionKey{1, 2, 3});
  const std::string channel(input.piece());
  const std::string identity(input.piece());
  const SessionBinding binding{.epoch = made.epoch, .channel = channel, .identity = identity};
  FUZZ_CHECK(!signer.check(text, binding));
  const SessionId id{.sid = Sid("abcdefghijklmnop"), .started = made.offset, .run = made.epoch.value()};
  std::string pid = signer.sign(id, binding);
  FUZZ_CHECK(signer.check(pid, binding) == id);
  const std::string moved = channel + identity;
  if (!identity.empty()) FUZZ_CHECK(!signer.check(pid, {.epoch = made.epoch, .channel = moved, .identity = ""}));
  const auto at = input.byte() % pid.size();
  pid[at] = static_cast<char>(pid[at] ^ (1 + input.byte() % 127));
  FUZZ_CHECK(!signer.check(pid, binding));
  return 0;
}
