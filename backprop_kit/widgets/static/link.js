// The way to the kernel and to the other views: both may be missing, and nothing here waits.

export function link(model, el, heard) {
  const id = model.get("player"),
    channel = id ? new BroadcastChannel(id) : null;
  if (channel) channel.onmessage = e => heard(e.data.k);
  // After a shutdown the manager has no kernel; after a restart, or opened from a file, no comm lives.
  // A host hides our own comm but not that of our layout, which lives and dies with it; a host without these is trusted.
  const alive = () => {
    const m = model.widget_manager;
    return !(m && "kernel" in m && (!m.kernel || m.kernel.status === "dead")) && model.get("layout")?.comm_live !== false;
  };
  return {
    alive,
    announce: k => channel?.postMessage({ k }),
    save: () => alive() && model.save_changes(),
    send: message => alive() && model.send(message),
    close: () => channel?.close()
  };
}
