// The server that the Socket.IO tutorial ends with (steps "server delivery" and "client delivery"), written from its
// description: connection state recovery for short absences, a SQLite table for all others, an acknowledgement once the
// row is stored, and a message sent twice with the same client offset stored once.
//
// usage: node server.js --port N --data FOLDER [--storage sqlite|none]
//
// Two things the tutorial does not have, both for the benchmark: the same handlers in the namespaces /chat/*, so that
// appends can be measured without fan-out (no replay there: the tutorial's table knows no channels), and
// `--storage none`, which shows what Socket.IO costs without the database.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Server } from 'socket.io';
import sqlite3 from 'sqlite3';

const SQLITE_CONSTRAINT = 19;

const { values: options } = parseArgs({
  options: {
    port: { type: 'string' },
    data: { type: 'string' },
    storage: { type: 'string', default: 'sqlite' },
  },
});

const storage = options.storage === 'none' ? inMemory() : await sqlite(join(options.data, 'chat.db'));

const httpServer = createServer();
const io = new Server(httpServer, { connectionStateRecovery: {} });

for (const namespace of [io.of('/'), io.of(/^\/chat\/[^/]+$/)]) {
  namespace.on('connection', async (socket) => {
    socket.on('chat message', async (text, clientOffset, callback) => {
      let id;
      try {
        id = await storage.insert(text, clientOffset);
      } catch (error) {
        // Stored before: say so, or the client would go on trying. Any other failure: let it try again.
        if (error.errno === SQLITE_CONSTRAINT) callback();
        return;
      }
      socket.nsp.emit('chat message', text, id);
      callback();
    });

    if (socket.recovered || socket.nsp.name !== '/') return;
    await storage.after(socket.handshake.auth.serverOffset || 0, (row) => {
      socket.emit('chat message', row.content, row.id);
    });
  });
}

httpServer.listen(Number(options.port), '127.0.0.1', () => {
  console.error(`event=serving url=http://localhost:${options.port}`);
});

/** The tutorial's table, with SQLite's defaults: one transaction and one flush to the disk for each message. */
async function sqlite(file) {
  const database = await new Promise((resolve, reject) => {
    const opened = new sqlite3.Database(file, (error) => (error ? reject(error) : resolve(opened)));
  });
  const finished = (start) =>
    new Promise((resolve, reject) => {
      start(function done(error) {
        if (error) reject(error);
        else resolve(this);
      });
    });

  await finished((done) =>
    database.run(
      `CREATE TABLE IF NOT EXISTS messages (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         client_offset TEXT UNIQUE,
         content TEXT
       )`,
      done,
    ),
  );
  return {
    async insert(text, clientOffset) {
      const statement = await finished((done) =>
        database.run('INSERT INTO messages (content, client_offset) VALUES (?, ?)', text, clientOffset, done),
      );
      return statement.lastID;
    },
    after(offset, visit) {
      return finished((done) =>
        database.each(
          'SELECT id, content FROM messages WHERE id > ?',
          [offset],
          (error, row) => {
            if (!error) visit(row);
          },
          done,
        ),
      );
    },
  };
}

function inMemory() {
  let last = 0;
  return {
    async insert() {
      return ++last;
    },
    async after() {},
  };
}
