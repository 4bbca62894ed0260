#include "src/config/options.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <set>

#include "src/config/option_table.h"
#include "tests/unit/config/temporary_directory.h"

namespace tidemark {
namespace {

using Words = std::vector<std::string_view>;

ServeOptions parsed(const Words& arguments, const Words& environment = {}) {
  auto options = parse_serve(arguments, environment);
  REQUIRE_MESSAGE(options.has_value(), options.error().context);
  return *options;
}

std::vector<Option> options_of_serve() {
  std::vector<Option> result;
  std::ranges::copy_if(option_table(), std::back_inserter(result),
                       [](const Option& option) { return option.taken_by(CommandId::serve); });
  return result;
}

/// The sentence of the refusal.
std::string refused(const Words& arguments, const Words& environment = {}) {
  const auto options = parse_serve(arguments, environment);
  REQUIRE_MESSAGE(!options.has_value(), "was accepted");
  CHECK(options.error().code == ErrorCode::invalid_argument);
  CHECK(options.error().context.find('\n') == std::string::npos);
  return options.error().context;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

const Setting& setting(const ServeOptions& options, std::string_view name) {
  const auto found = std::ranges::find(options.settings, name, &Setting::name);
  REQUIRE(found != options.settings.end());
  return *found;
}

/// A configuration file for one test, and the flag that names it.
struct ConfigFile {
  explicit ConfigFile(std::string_view text) : path(directory.file("tidemark.toml", text).string()) {}
  [[nodiscard]] Words flag() const { return {"--config", path}; }

  TemporaryDirectory directory;
  std::string path;
};

}  // namespace

TEST_CASE("serve needs nothing") {
  const auto options = parsed({});
  CHECK(options.backend == "sqlite");
  CHECK(options.data == "tidemark-data");
  CHECK(options.host == "localhost");
  CHECK(options.port == 3000);
  CHECK(options.channels == std::vector<std::string>{"/", "/chat/*"});
  CHECK(options.events == std::vector<std::string>{"chat message"});
  CHECK(options.relays.empty());
  CHECK(options.ping_interval == Millis(25'000));
  CHECK(options.ping_timeout == Millis(20'000));
  CHECK(options.connect_timeout == Millis(45'000));
  CHECK(options.max_payload == 1'000'000);
  CHECK(options.warnings.empty());
}

TEST_CASE("a flag takes its value from the next word or after an equals sign") {
  CHECK(parsed({"--port", "4000"}).port == 4000);
  CHECK(parsed({"--port=4000"}).port == 4000);
  CHECK(parsed({"--event=a=b"}).events == std::vector<std::string>{"a=b"});
  CHECK(parsed({"--data", "-odd"}).data == "-odd");
}

TEST_CASE("the last of several flags counts, so that a wrapper's can be overridden") {
  CHECK(parsed({"--port", "1", "--port", "2"}).port == 2);
}

TEST_CASE("every kind of value reaches its option") {
  const auto options = parsed({"--backend",       "memory", "--history",      "50",   "--io-threads",      "3",
                               "--ping-interval", "5s",     "--ping-timeout", "1500", "--recovery-window", "0",
                               "--max-payload",   "64KiB",  "--cors-origin",  "*",    "--log-level",       "debug",
                               "--retain-age",    "30d",    "--retain-bytes", "10GB", "--retain-records",  "1000000"});
  CHECK(options.backend == "memory");
  CHECK(options.history == 50);
  CHECK(options.io_threads == 3);
  CHECK(options.ping_interval == Millis(5000));
  CHECK(options.ping_timeout == Millis(1500));
  CHECK(options.recovery_window == Millis(0));
  CHECK(options.max_payload == 65'536);
  CHECK(options.cors_origins == std::vector<std::string>{"*"});
  CHECK(options.log_level == "debug");
  CHECK(options.retain_age == Millis(30 * 86'400'000LL));
  CHECK(options.retain_bytes == 10'000'000'000);
  CHECK(options.retain_records == 1'000'000);
}

TEST_CASE("everything is kept unless something else is asked for") {
  const auto options = parsed({});
  CHECK(options.retain_age == Millis(0));
  CHECK(options.retain_bytes == 0);
  CHECK(options.retain_records == 0);
}

TEST_CASE("a repeatable flag given once replaces the default list, and again adds to it") {
  CHECK(parsed({"--channel", "/a"}).channels == std::vector<std::string>{"/a"});
  CHECK(parsed({"--channel", "/a", "--channel=/b/*"}).channels == std::vector<std::string>{"/a", "/b/*"});
}

TEST_CASE("every option is also an environment variable") {
  CHECK(parsed({}, {"TIDEMARK_PING_INTERVAL=5s"}).ping_interval == Millis(5000));
  CHECK(parsed({}, {"TIDEMARK_EVENT=chat message, reaction"}).events ==
        std::vector<std::string>{"chat message", "reaction"});
  std::set<std::string> variables;
  for (const Option& option : options_of_serve()) variables.insert(option.variable());
  CHECK(variables.size() == options_of_serve().size());
}

TEST_CASE("a secret is in no setting and no message, and one that can be guessed is none") {
  const auto options = parsed({}, {"TIDEMARK_API_TOKEN=0123456789abcdef"});
  CHECK(options.api_token == "0123456789abcdef");
  CHECK(setting(options, "api-token").value == "(secret)");
  for (const std::string wrong : {"too-short", "with a blank in it", "with\ta tab in it...."}) {
    const auto message = refused({"--api-token", wrong});
    CAPTURE(message);
    CHECK(message.contains("--api-token"));
    CHECK_FALSE(message.contains(wrong));
  }
  CHECK(parsed({}).api_token.empty());
}

TEST_CASE("an empty variable counts as not set") {
  CHECK(parsed({}, {"TIDEMARK_PORT=", "TIDEMARK_EVENT="}).port == 3000);
}

TEST_CASE("flags win over the environment, the environment over the file, the file over the default") {
  const ConfigFile file("port = 1\nhost = \"file\"\nhistory = 7\n");
  auto arguments = file.flag();
  arguments.insert(arguments.end(), {"--port", "3"});
  const auto options = parsed(arguments, {"TIDEMARK_PORT=2", "TIDEMARK_HOST=environment"});
  CHECK(options.port == 3);
  CHECK(options.host == "environment");
  CHECK(options.history == 7);
  CHECK(options.backend == "sqlite");

  CHECK(setting(options, "port").source == Source::flag);
  CHECK(setting(options, "port").value == "3");
  CHECK(setting(options, "port").origin == "--port");
  CHECK(setting(options, "host").source == Source::environment);
  CHECK(setting(options, "host").origin == "TIDEMARK_HOST");
  CHECK(setting(options, "history").source == Source::file);
  CHECK(setting(options, "history").origin == file.path + ":3");
  CHECK(setting(options, "backend").source == Source::preset);
  CHECK(options.settings.size() == options_of_serve().size());
}

TEST_CASE("the environment can name the configuration file") {
  const ConfigFile file("port = 1\n");
  const std::string variable = "TIDEMARK_CONFIG=" + file.path;
  CHECK(parsed({}, {variable}).port == 1);
}

TEST_CASE("the file takes numbers, strings with units and lists") {
  const ConfigFile file(
      "ping-interval = 5000\nping-timeout = \"2s\"\nmax-payload = \"2MB\"\n"
      "channel = [\"/a\", \"/b/*\"]\nrelay = \"typing\"\nevent = []\n");
  const auto options = parsed(file.flag());
  CHECK(options.ping_interval == Millis(5000));
  CHECK(options.ping_timeout == Millis(2000));
  CHECK(options.max_payload == 2'000'000);
  CHECK(options.channels == std::vector<std::string>{"/a", "/b/*"});
  CHECK(options.relays == std::vector<std::string>{"typing"});
  CHECK(options.events.empty());
}

TEST_CASE("a mistyped name is refused with the nearest one") {
  CHECK(refused({"--prot", "1"}) == "unknown option --prot; did you mean --port?");
  CHECK(refused({"--ping_interval=1"}) == "unknown option --ping_interval; did you mean --ping-interval?");
  CHECK(refused({}, {"TIDEMARK_PROT=1"}) == "unknown environment variable TIDEMARK_PROT; did you mean TIDEMARK_PORT?");
  const ConfigFile file("host = \"a\"\nping_interval = 1\n");
  CHECK(refused(file.flag()) == file.path + ":2: unknown key ping_interval; did you mean ping-interval?");
}

TEST_CASE("what resembles no option is refused on the command line and in the file") {
  CHECK(contains(refused({"--colour"}), "unknown option --colour; tidemark serve --help"));
  CHECK(contains(refused({"-p"}), "unknown option -p"));
  CHECK(contains(refused({"start"}), "unexpected argument start"));
  const ConfigFile section("[server]\nport = 1\n");
  CHECK(contains(refused(section.flag()), ":1: unknown key server; options stand at the top level"));
  const ConfigFile config("config = \"other.toml\"\n");
  CHECK(contains(refused(config.flag()), "config cannot be set in the file"));
}

TEST_CASE("a variable of the prefix that resembles no option is only warned about") {
  const auto options = parsed({}, {"TIDEMARK_SERVICE_HOST=10.0.0.1", "OTHER_PROT=1"});
  REQUIRE(options.warnings.size() == 1);
  CHECK(contains(options.warnings.front(), "TIDEMARK_SERVICE_HOST"));
}

TEST_CASE("a port that Kubernetes made of a service's name is explained") {
  CHECK(contains(refused({}, {"TIDEMARK_PORT=tcp://10.0.0.1:3000"}), "enableServiceLinks"));
}

TEST_CASE("a flag without its value is refused") {
  CHECK(refused({"--port"}) == "option --port needs a value: --port N");
  CHECK(refused({"--port", "--host", "a"}) == "option --port needs a value: --port N");
}

TEST_CASE("a refused value is named with the place where it stands") {
  CHECK(refused({"--port", "65536"}) == "--port 65536: must be a number from 0 to 65535");
  CHECK(contains(refused({}, {"TIDEMARK_PORT=x"}), "TIDEMARK_PORT=x: must be"));
  const ConfigFile file("# a comment\nport = -1\n");
  CHECK(contains(refused(file.flag()), file.path + ":2: port = -1: must be"));
}

TEST_CASE("who mistypes a unit is told which ones there are") {
  CHECK(refused({"--retain-age", "5x"}) ==
        "--retain-age 5x: must be a time from 0ms to 36500d: a number with ms, s, m, h or d behind it, or of "
        "milliseconds alone");
  CHECK(refused({"--retain-bytes", "5x"}) ==
        "--retain-bytes 5x: must be a size from 0B to 1048576GiB: a number with B, kB, KiB, MB, MiB, GB or GiB behind "
        "it, or of bytes alone");
}

TEST_CASE("values outside their bounds are refused") {
  for (const Words& arguments : std::initializer_list<Words>{
           {"--backend", "mysql"},
           {"--data", ""},
           {"--host", ""},
           {"--host", "http://localhost"},
           {"--port", "-1"},
           {"--port", "3000x"},
           {"--io-threads", "257"},
           {"--history", "9007199254740992"},
           {"--retain-age", "36501d"},
           {"--retain-age", "-1s"},
           {"--retain-bytes", "2000000GiB"},
           {"--retain-records", "9007199254740992"},
           {"--ping-interval", "0"},
           {"--ping-interval", "25h"},
           {"--ping-timeout", "0"},
           {"--connect-timeout", "0"},
           {"--recovery-window", "8d"},
           {"--max-payload", "999"},
           {"--max-payload", "65MiB"},
           {"--channel", "chat"},
           {"--channel", "/chat*"},
           {"--event", ""},
           {"--cors-origin", "example.org"},
           {"--log-level", "loud"},
           {"--config", ""},
       }) {
    CAPTURE(arguments.front());
    CAPTURE(arguments.back());
    CHECK(contains(refused(arguments), arguments.front()));
  }
}

TEST_CASE("the bounds themselves are accepted") {
  CHECK(parsed({"--port", "65535"}).port == 65'535);
  CHECK(parsed({"--max-payload", "64MiB"}).max_payload == limits::kMaxPayloadCeiling);
  CHECK(parsed({"--ping-interval", "24h"}).ping_interval == limits::kTimeoutCeiling);
  CHECK(parsed({"--io-threads", "256"}).io_threads == 256);
}

TEST_CASE("names that Socket.IO or the log keep for themselves are no events") {
  for (const auto* name :
       {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener", "log:gap"}) {
    CAPTURE(name);
    CHECK(contains(refused({"--event", name}), "reserved"));
    CHECK(contains(refused({"--relay", name}), "reserved"));
  }
  CHECK(parsed({"--event", "logged"}).events.front() == "logged");
}

TEST_CASE("an event is either stored or relayed") {
  CHECK(refused({"--event", "typing"}, {"TIDEMARK_RELAY=typing"}) ==
        "event \"typing\" is both stored (event, --event) and relayed (relay, TIDEMARK_RELAY); choose one");
  CHECK(contains(refused({"--relay", "chat message"}), "(event, default)"));
}

TEST_CASE("a list has a bound, and there is at least one channel") {
  const ConfigFile none("channel = []\n");
  CHECK(contains(refused(none.flag()), "takes 1 to 64"));
  Words many;
  for (std::size_t i = 0; i <= limits::kOptionListEntries; ++i) many.push_back("--relay=typing");
  CHECK(contains(refused(many), "takes 0 to 64"));
}

TEST_CASE("a file that is missing, a directory, too large or no TOML is an error that names it") {
  const TemporaryDirectory directory;
  const auto missing = (directory.path() / "none.toml").string();
  const auto error = parse_serve(Words{"--config", missing}, {});
  REQUIRE_FALSE(error);
  CHECK(error.error().code == ErrorCode::not_found);
  CHECK(contains(error.error().context, missing));

  const auto folder = directory.path().string();
  const auto folder_error = parse_serve(Words{"--config", folder}, {});
  REQUIRE_FALSE(folder_error);
  CHECK(folder_error.error().code == ErrorCode::io);

  const ConfigFile large(std::string(limits::kConfigFileBytes + 1, '\n'));
  CHECK(contains(refused(large.flag()), "larger than 1 MiB"));
  const ConfigFile broken("port = 1\nhost = \n");
  CHECK(contains(refused(broken.flag()), broken.path + ":2: "));
}

TEST_CASE("a value of the wrong type in the file is refused") {
  for (const auto* text : {"port = 1.5", "port = true", "port = [1]", "host = 1979-05-27", "channel = [1]",
                           "channel = {a = \"/\"}", "event = [[\"a\"]]"}) {
    CAPTURE(text);
    const ConfigFile file(text);
    CHECK(contains(refused(file.flag()), ":1: "));
  }
}

TEST_CASE("help is asked for before anything is read") {
  CHECK(parsed({"--help"}, {"TIDEMARK_PROT=1"}).help);
  CHECK(parsed({"-h", "--prot"}).help);
  CHECK_FALSE(parsed({}).help);
}

TEST_CASE("the help names every option with its variable and default, in lines a terminal can hold") {
  const auto help = command_help(command_of(CommandId::serve));
  for (const Option& option : options_of_serve()) {
    CAPTURE(option.name);
    CHECK(contains(help, "  " + option.flag() + " "));
    CHECK(contains(help, "environment: " + option.variable() + "\n"));
    for (const auto& item : option.items(CommandOptions{})) CHECK(contains(help, item));
  }
  std::size_t start = 0;
  for (std::size_t end = help.find('\n'); end != std::string::npos; start = end + 1, end = help.find('\n', start)) {
    CAPTURE(help.substr(start, end - start));
    CHECK(end - start <= 112);
  }
}

TEST_CASE("the default file says what the server does without it") {
  const ConfigFile file(default_config_file());
  const auto with_file = parsed(file.flag());
  const auto without = parsed({});
  for (const Option& option : options_of_serve()) {
    CAPTURE(option.name);
    if (!option.in_file) continue;
    CHECK(setting(with_file, option.name).source == Source::file);
    CHECK(setting(with_file, option.name).value == setting(without, option.name).value);
  }
}

TEST_CASE("a secret is shown to nobody, only whether there is one") {
  CHECK(setting(parsed({"--api-token", "opensesame-opensesame"}), "api-token").value == "(secret)");
  CHECK(setting(parsed({}), "api-token").value.empty());
  CHECK(refused({"--api-token", "short"}).find("short") == std::string::npos);
}

TEST_CASE("config/tidemark.toml is what the table renders") {
  CHECK_MESSAGE(contents("config/tidemark.toml") == default_config_file(),
                "the table changed: tests/unit/config/render_default_file.cpp says how to renew the file");
}

TEST_CASE("the other commands take their own options, and say so") {
  const auto told = parse_command(CommandId::repair, Words{"--data", "d", "--dry-run"}, {});
  REQUIRE(told);
  CHECK(told->data == "d");
  CHECK(told->dry_run);
  CHECK(told->given("data"));
  CHECK_FALSE(told->given("backend"));

  const auto why = [](CommandId command, const Words& arguments) {
    const auto wrong = parse_command(command, arguments, {});
    REQUIRE_MESSAGE(!wrong, "was accepted");
    CHECK(wrong.error().code == ErrorCode::invalid_argument);
    return wrong.error().context;
  };
  CHECK(contains(why(CommandId::verify, {"--port", "1"}), "unknown option --port; tidemark verify --help lists them"));
  CHECK(contains(why(CommandId::verify, {"--dry-run"}), "unknown option --dry-run"));
  CHECK(contains(why(CommandId::repair, {"--dry-rnu"}), "did you mean --dry-run?"));
  CHECK(contains(why(CommandId::repair, {"--dry-run=yes"}), "takes no value"));
  CHECK(contains(why(CommandId::verify, {"--backend", "memory"}), "must be one of"));
  CHECK(contains(why(CommandId::verify, {"here"}), "tidemark verify takes only options"));
  CHECK(contains(refused({"--dry-run"}), "unknown option --dry-run"));
}

TEST_CASE("the other commands find the log where serve was told to keep it, and leave what is serve's alone") {
  const ConfigFile file("data = \"from-file\"\nport = 4000\n");
  const auto from_file = parse_command(CommandId::verify, file.flag(), {});
  REQUIRE(from_file);
  CHECK(from_file->data == "from-file");
  const auto from_variable =
      parse_command(CommandId::verify, {}, Words{"TIDEMARK_DATA=there", "TIDEMARK_PORT=banana", "TIDEMARK_PROT=1"});
  REQUIRE(from_variable);
  CHECK(from_variable->data == "there");
  CHECK(from_variable->warnings.empty());
}

TEST_CASE("a command that reads no configuration file is not given one") {
  const auto told = parse_command(CommandId::migrate, Words{"--from", "sqlite:a", "--to", "rocksdb:b"},
                                  Words{"TIDEMARK_CONFIG=/no/such/file"});
  REQUIRE_MESSAGE(told, told.error().context);
  CHECK(told->source == "sqlite:a");
  CHECK(told->target == "rocksdb:b");
}

TEST_CASE("a command takes letters, words between its options, and -- before words that look like options") {
  const auto told = parse_command(CommandId::tail, Words{"/a", "-fn", "5", "/b", "-ojson", "--", "/c"}, {});
  REQUIRE_MESSAGE(told, told.error().context);
  CHECK(told->follow);
  CHECK(told->lines == 5);
  CHECK(told->output == "json");
  CHECK(told->arguments == std::vector<std::string>{"/a", "/b", "/c"});
  const auto short_of_lines = parse_command(CommandId::tail, Words{"-f", "-20", "-i", "/a"}, {});
  REQUIRE_MESSAGE(short_of_lines, short_of_lines.error().context);
  CHECK(short_of_lines->lines == 20);
  CHECK(short_of_lines->given("lines"));
  CHECK(short_of_lines->ignore_case);

  const auto why = [](const Words& arguments) {
    const auto wrong = parse_command(CommandId::tail, arguments, {});
    REQUIRE_MESSAGE(!wrong, "was accepted");
    CHECK(wrong.error().code == ErrorCode::invalid_argument);
    return wrong.error().context;
  };
  CHECK(contains(why({"-fx"}), "unknown option -fx; tidemark tail --help"));
  CHECK(contains(why({"-2x"}), "unknown option -2x; tidemark tail --help"));
  CHECK(contains(why({"-99999999999999999999"}), "unknown option"));
  CHECK(contains(why({"-n"}), "option --lines needs a value: --lines N"));
  CHECK(contains(why({"-n", "many"}), "--lines many: must be a number"));
  CHECK(contains(why({"pier"}), "pier: a channel begins with '/'"));
  CHECK(contains(why({"--", "-f"}), "-f: a channel begins with '/'"));
  CHECK(contains(why({"--since", "10"}), "--since 10: must be a time ago"));
  CHECK(contains(why({"--from", "newest"}), "--from newest: must be an offset, earliest or latest"));
  CHECK(contains(why({"--grep", "("}), "--grep (: must be a POSIX extended regular expression"));
  CHECK(contains(why({"--url", "ftp://a"}), "--url ftp://a: must be a server's address"));
  CHECK(contains(why({"--url", "23000"}), "--url 23000: a number is no host; a port of this machine is written"));
  CHECK(contains(why({"-o", "xml"}), "must be one of text, json, raw"));
}

TEST_CASE("what a flag says for one call, no variable and no file says for all") {
  const ConfigFile file("event = \"stored\"\n");
  const auto told = parse_command(CommandId::tail, file.flag(), Words{"TIDEMARK_EVENT=x", "TIDEMARK_LINES=3"});
  REQUIRE(told);
  CHECK(told->of_events.empty());
  CHECK(told->lines == 10);
  const auto known = parse_command(CommandId::tail, {}, Words{"TIDEMARK_URL=http://a", "TIDEMARK_TOKEN=t"});
  REQUIRE(known);
  CHECK(known->url == "http://a");
  CHECK(known->token == "t");
  CHECK(parsed({}, {"TIDEMARK_URL=http://a"}).warnings.empty());
}

TEST_CASE("every command's help shows how to use it") {
  for (const Command& command : command_table()) {
    CAPTURE(command.name);
    const auto help = command_help(command);
    CHECK(help.starts_with("Usage: tidemark " + std::string(command.name) + " [options]"));
    CHECK(contains(help, "\nExamples\n  "));
    CHECK(contains(help, command.id == CommandId::migrate ? "--from ENGINE:DIR\n" : "--data DIR\n"));
  }
  CHECK(contains(command_help(command_of(CommandId::repair)), "  --dry-run\n"));
}

}  // namespace tidemark
