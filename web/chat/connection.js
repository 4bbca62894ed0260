// The stock Socket.IO client, asked for one channel at a time.
//
// Nothing here is special to Tidemark but three things every client may do: say in `auth` up to where it has the log,
// ask for status events, and close its own transport to see what happens.
import { ACK_TIMEOUT_MS } from "./limits.js";

const REFUSED_RETRY_MS = 5000; // the server may be configured anew
const REJOIN_DELAY_MS = 1500; // after the server ended the namespace itself; the stock client leaves that to us

export class Connection {
  #manager;
  #sockets = new Map(); // by channel; the stock client keeps a namespace's socket, too
  #socket;
  #handlers;
  #rejoinTimer;
  #rejoining = false;

  /** Handlers: connected, disconnected, refused(message), transport (it changed), record(event, args), status(s), gap(g). */
  constructor(handlers) {
    this.#handlers = handlers;
    // WebSocket first: no upgrade in mid-conversation, and polling is still there where WebSocket is blocked.
    this.#manager = new window.io.Manager({
      autoConnect: false,
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 4000,
    });
    this.#manager.on("open", () => this.#manager.engine.once("upgrade", handlers.transport));
    this.held = false;
    addEventListener("online", () => this.#retryNow());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#retryNow();
    });
  }

  get connected() {
    return this.#socket?.connected === true;
  }

  get recovered() {
    return this.#socket?.recovered === true;
  }

  get transport() {
    return this.#manager.engine?.transport?.name ?? "none";
  }

  /** `auth` is asked at every CONNECT, so that each carries the position of that moment. */
  join(channel, auth) {
    clearTimeout(this.#rejoinTimer);
    const left = this.#socket;
    let socket = this.#sockets.get(channel);
    if (!socket) {
      socket = this.#manager.socket(`/chat/${channel}`);
      this.#sockets.set(channel, socket);
      this.#listen(socket);
    }
    socket.auth = (give) => give(auth());
    this.#socket = socket;
    if (!this.held) socket.connect();
    if (left && left !== socket) left.disconnect();
  }

  send(payload, key) {
    if (!this.connected) return Promise.reject(new Error("not connected"));
    return this.#socket.timeout(ACK_TIMEOUT_MS).emitWithAck("chat message", payload, key);
  }

  /** A session belongs to who opened it: a new name needs a new CONNECT. Without a connection the next one will do. */
  rejoin() {
    if (!this.connected) return false;
    this.#rejoining = true;
    this.#socket.disconnect();
    this.#rejoining = false;
    this.#socket.connect();
    return true;
  }

  /** As if the network had gone: the stock client comes back by itself. */
  drop() {
    this.#manager.engine?.close();
  }

  /** Goes away and stays away until `release`. */
  hold() {
    this.held = true;
    clearTimeout(this.#rejoinTimer);
    if (this.connected) {
      this.#manager.reconnection(false);
      this.drop();
    } else {
      this.#socket.disconnect();
    }
  }

  release() {
    this.held = false;
    this.#manager.reconnection(true);
    this.#socket.connect();
  }

  #listen(socket) {
    const when = (handler) => (argument) => {
      if (socket === this.#socket) handler(argument);
    };
    socket.on(
      "connect",
      when(() => this.#handlers.connected()),
    );
    socket.on(
      "disconnect",
      when((reason) => {
        if (this.#rejoining) return;
        this.#handlers.disconnected(reason);
        if (!socket.active && !this.held) this.#rejoinTimer = setTimeout(() => socket.connect(), REJOIN_DELAY_MS);
      }),
    );
    socket.on(
      "connect_error",
      when((error) => {
        // A socket that is still active tries again by itself; one that is not was turned away by the server.
        if (socket.active) this.#handlers.disconnected(error.message);
        else {
          this.#handlers.refused(error.message);
          clearTimeout(this.#rejoinTimer);
          if (!this.held) this.#rejoinTimer = setTimeout(() => socket.connect(), REFUSED_RETRY_MS);
        }
      }),
    );
    socket.onAny((event, ...args) => {
      if (socket !== this.#socket) return;
      if (event === "log:status") this.#handlers.status(args[0], args.at(-1));
      else if (event === "log:gap") this.#handlers.gap(args[0], args.at(-1));
      else this.#handlers.record(event, args);
    });
  }

  #retryNow() {
    if (!this.#socket?.active || this.connected || this.held) return;
    // disconnect() also ends the wait between two attempts; before the connection stands it tells the server nothing.
    this.#socket.disconnect();
    this.#socket.connect();
  }
}
