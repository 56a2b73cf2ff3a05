// The way to the kernel and to the other views: both may be missing, and nothing here waits.

export function link(model, el, heard) {
  const id = model.get("player"),
    channel = id ? new BroadcastChannel(id) : null,
    news = ["change:k", "comm_live_update"];
  if (channel) channel.onmessage = e => heard(e.data.k);
  // What a host hands us hides whether the comm lives; its handlers are called on the view, which knows the model.
  let real = model;
  const look = function () {
    real = this?.model ?? real;
  };
  for (const name of news) model.on(name, look);
  // After a shutdown the manager has no kernel, after a restart the comm is dead; a host without managers is trusted.
  const alive = () => {
    const m = model.widget_manager;
    return !(m && "kernel" in m && (!m.kernel || m.kernel.status === "dead")) && real.comm_live !== false;
  };
  return {
    alive,
    announce: k => channel?.postMessage({ k }),
    save: () => alive() && model.save_changes(),
    send: message => alive() && model.send(message),
    close() {
      for (const name of news) model.off(name, look);
      channel?.close();
    }
  };
}
