//! The open connections by client, and what each of them waits for.

use std::{
    collections::HashMap,
    mem,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{task::AbortHandle, time::Instant};

use super::{
    connection_state::{ConnectionState, Waiting},
    eviction::{Candidate, EvictionQueue},
    shared_memory::{Holder, SharedMemory},
};

/// The open connections. It is locked when one is opened or closed, and every few milliseconds while memory is taken back,
/// not for requests.
#[derive(Default)]
pub(super) struct Registry(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    clients: HashMap<IpAddr, Client>,
    queue: EvictionQueue,
    next_id: u64,
}

#[derive(Default)]
struct Client {
    connections: HashMap<u64, Connection>,
    queue: EvictionQueue,
}

struct Connection {
    state: Arc<ConnectionState>,
    /// Set as soon as the connection has a task.
    task: Option<AbortHandle>,
}

/// An open connection, which is registered until this is dropped.
pub(super) struct Registration {
    registry: Arc<Registry>,
    client: IpAddr,
    id: u64,
}

impl Registry {
    /// Registers a connection of this client.
    pub(super) fn register(self: &Arc<Self>, client: IpAddr, state: Arc<ConnectionState>) -> Registration {
        let mut inner = self.lock();
        let id = inner.next_id;
        inner.next_id += 1;
        let connections = &mut inner.clients.entry(client).or_default().connections;
        connections.insert(id, Connection { state, task: None });

        Registration {
            registry: Arc::clone(self),
            client,
            id,
        }
    }

    /// Makes a registered connection one that can be evicted, by aborting its task. It may be closed already.
    pub(super) fn set_task(&self, client: IpAddr, id: u64, task: AbortHandle) {
        if let Some(connection) = self.lock().connection(client, id) {
            connection.task = Some(task);
        }
    }

    /// How many connections this client has.
    pub(super) fn count(&self, client: IpAddr) -> usize {
        let inner = self.lock();
        inner
            .clients
            .get(&client)
            .map_or(0, |client| client.connections.len())
    }

    /// Closes the least useful connection, of this client or of all. Returns whether there was one.
    pub(super) fn evict(&self, client: Option<IpAddr>) -> bool {
        let evicted = self.lock().evict(client, Instant::now());

        // Without the lock, which the end of the task takes.
        evicted.inspect(AbortHandle::abort).is_some()
    }

    /// Closes connections that hold shared memory until all hold no more than they may. Returns how many were closed.
    pub(super) fn reclaim(&self, memory: &SharedMemory) -> usize {
        let closed = self.lock().reclaim(memory, Instant::now());

        closed.iter().for_each(AbortHandle::abort);
        closed.len()
    }

    /// Aborts the tasks of all connections.
    pub(super) fn abort_all(&self) {
        let tasks: Vec<_> = {
            let inner = self.lock();
            let connections = inner
                .clients
                .values()
                .flat_map(|client| client.connections.values());
            connections
                .filter_map(|connection| connection.task.clone())
                .collect()
        };

        // Without the lock, which the end of each task takes.
        tasks.iter().for_each(AbortHandle::abort);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registration {
    pub(super) fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.registry.lock().remove(self.client, self.id);
    }
}

impl Inner {
    fn connection(&mut self, client: IpAddr, id: u64) -> Option<&mut Connection> {
        self.clients.get_mut(&client)?.connections.get_mut(&id)
    }

    fn remove(&mut self, client: IpAddr, id: u64) -> Option<Connection> {
        let connections = &mut self.clients.get_mut(&client)?.connections;
        let removed = connections.remove(&id);
        if connections.is_empty() {
            self.clients.remove(&client);
        }

        removed
    }

    /// Removes the least useful connection, and returns its task.
    fn evict(&mut self, client: Option<IpAddr>, now: Instant) -> Option<AbortHandle> {
        let mut queue = mem::take(self.queue(client)?);

        let mut evicted = self.evict_next(&mut queue, now);
        if evicted.is_none() && queue.may_fill(now) {
            queue.fill(self.candidates(client, now), now);
            evicted = self.evict_next(&mut queue, now);
        }

        // A client without further connections has no queue any more.
        if let Some(place) = self.queue(client) {
            *place = queue;
        }
        evicted
    }

    fn queue(&mut self, client: Option<IpAddr>) -> Option<&mut EvictionQueue> {
        match client {
            Some(client) => Some(&mut self.clients.get_mut(&client)?.queue),
            None => Some(&mut self.queue),
        }
    }

    /// Removes the first connection of the queue that is still in the state in which it was found.
    fn evict_next(&mut self, queue: &mut EvictionQueue, now: Instant) -> Option<AbortHandle> {
        while let Some(Candidate {
            client, id, waiting, ..
        }) = queue.pop(now)
        {
            if let Some(connection) = self.close(client, id, waiting) {
                return connection.task;
            }
        }

        None
    }

    /// Removes a connection that has a task and still waits for this.
    fn close(&mut self, client: IpAddr, id: u64, waiting: (Waiting, Instant)) -> Option<Connection> {
        let connection = self.connection(client, id)?;
        let is_closed = connection.task.is_some() && connection.state.evict(waiting);

        if is_closed {
            connection.state.share.write_off();
        }
        is_closed.then(|| self.remove(client, id))?
    }

    /// Removes connections that hold shared memory until it is no longer exceeded: of the client that holds most, those that
    /// have waited longest for it. Returns their tasks.
    fn reclaim(&mut self, memory: &SharedMemory, now: Instant) -> Vec<AbortHandle> {
        let mut holders: Vec<_> = self.holders(now).collect();
        holders.sort_unstable_by_key(Holder::order);

        let mut tasks = Vec::new();
        for Holder {
            client, id, waiting, ..
        } in holders
        {
            if !memory.is_exceeded() {
                break;
            }
            let connection = self.close(client, id, waiting);
            tasks.extend(connection.and_then(|connection| connection.task));
        }
        tasks
    }

    /// The connections that hold shared memory and wait for their clients.
    fn holders(&self, now: Instant) -> impl Iterator<Item = Holder> {
        self.clients.iter().flat_map(move |(address, client)| {
            let held = |connection: &Connection| connection.state.share.held();
            let held_by_client: usize = client.connections.values().map(held).sum();
            let connections = (held_by_client > 0).then_some(&client.connections);

            connections
                .into_iter()
                .flatten()
                .filter_map(move |(id, connection)| {
                    Holder::new((*address, held_by_client), *id, &connection.state, now)
                })
        })
    }

    /// The connections, of this client or of all, that could be closed.
    fn candidates(&self, client: Option<IpAddr>, now: Instant) -> impl Iterator<Item = Candidate> {
        let one = client.and_then(|client| self.clients.get_key_value(&client));
        let all = client.is_none().then_some(&self.clients).into_iter().flatten();

        all.chain(one).flat_map(move |(address, client)| {
            let candidate = move |(id, connection): (&u64, &Connection)| {
                Candidate::new(*address, *id, &connection.state, now)
            };
            client.connections.iter().filter_map(candidate)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Duration};

    use tokio::time::sleep;

    use super::*;

    const CONNECTIONS: u64 = 10_000;

    /// Opens connections of one client, each of which holds this much shared memory.
    fn open(
        registry: &Arc<Registry>,
        memory: &Arc<SharedMemory>,
        client: u8,
        count: usize,
        bytes: usize,
    ) -> Vec<Registration> {
        let client = IpAddr::from([192, 0, 2, client]);
        let open = |_| {
            let state = Arc::new(ConnectionState::new(Arc::clone(memory)));
            state.share.add(bytes);
            let registration = registry.register(client, state);
            let task = tokio::spawn(pending::<()>());
            registry.set_task(client, registration.id(), task.abort_handle());
            registration
        };

        (0..count).map(open).collect()
    }

    fn is_open(registration: &Registration) -> bool {
        let mut inner = registration.registry.lock();
        inner.connection(registration.client, registration.id).is_some()
    }

    #[tokio::test]
    async fn client_that_holds_most_loses_the_connections_that_have_waited_longest() {
        let (registry, memory) = (Arc::default(), Arc::default());
        let open = |client, count, bytes| open(&registry, &memory, client, count, bytes);

        // 1023 of 32 KiB fit, together with ten that hold little.
        let others = open(1, 10, 32 * 1024);
        let small = open(2, 10, 3_000);
        let most = open(2, 1080, 32 * 1024);
        sleep(Duration::from_millis(20)).await;
        assert_eq!(registry.reclaim(&memory), 67);
        assert_eq!(registry.reclaim(&memory), 0, "the rest fits");

        assert!(others.iter().chain(&small).chain(&most[67..]).all(is_open));
        assert!(!most[..67].iter().any(is_open));
    }

    #[tokio::test]
    async fn many_connections_that_hold_little_do_not_displace_those_of_another_client() {
        let (registry, memory) = (Arc::default(), Arc::default());

        let others = open(&registry, &memory, 1, 10, 32 * 1024);
        let small = open(&registry, &memory, 2, 4200, 8_000);
        sleep(Duration::from_millis(20)).await;
        assert_eq!(registry.reclaim(&memory), 47);

        assert!(others.iter().all(is_open));
        assert!(!small[..47].iter().any(is_open));
    }

    /// With a look at all connections for each new one, this takes minutes; as it is, 0.1 s without optimization.
    #[tokio::test]
    async fn evicting_one_of_many_connections_is_cheap() {
        let registry = Arc::new(Registry::default());
        let address = |n: u64| IpAddr::from([10, 0, (n % 100) as u8, 1]);
        let registrations: Vec<_> = (0..CONNECTIONS)
            .map(|n| {
                let registration =
                    registry.register(address(n), Arc::new(ConnectionState::new(Arc::default())));
                let task = tokio::spawn(pending::<()>());
                registry.set_task(address(n), registration.id(), task.abort_handle());
                registration
            })
            .collect();
        // The age from which connections are closed at all.
        sleep(Duration::from_millis(110)).await;

        let started = Instant::now();
        for _ in 0..CONNECTIONS - 100 {
            assert!(registry.evict(None));
        }
        let all = started.elapsed();
        assert!(all < Duration::from_secs(5), "it took {all:?}");

        // The oldest were closed first, so each client still has its last one.
        for n in 0..100 {
            assert_eq!(registry.count(address(n)), 1);
            assert!(registry.evict(Some(address(n))));
            assert!(!registry.evict(Some(address(n))), "it has no further one");
        }
        assert!(!registry.evict(None));

        drop(registrations);
        assert!(registry.lock().clients.is_empty());
    }
}
