// Loaded before a server that would listen everywhere on a fixed port: it listens on a free port of the loopback and says on which.
import net from 'node:net';

const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (port, ...rest) {
  this.once('listening', () => console.log(`http://127.0.0.1:${this.address().port}`));
  return listen.call(this, { port: 0, host: '127.0.0.1' }, ...rest);
};
