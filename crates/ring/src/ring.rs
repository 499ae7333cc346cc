//! The servers of a ring at one generation of its list.

use std::sync::Arc;

use longmem_core::UserName;
use longmem_postgres::{RingRecord, RingServer};
use longmem_store::Result;

use crate::member::{Connect, Member};
use crate::{RingFile, home};

/// The servers of one generation, in the order of their names: an immutable value, which another one
/// replaces when the list changes.
pub(crate) struct Ring {
    pub(crate) generation: i64,
    pub(crate) members: Vec<Arc<Member>>,
}

impl Ring {
    /// The servers of a list, none of which is opened but those that `former` has opened.
    pub(crate) fn new(list: &RingFile, connect: &Connect, former: Option<&Self>) -> Result<Self> {
        let mut servers: Vec<_> = list.servers.iter().collect();
        servers.sort_by(|one, other| one.name.cmp(&other.name));
        let all: Vec<RingServer> = servers
            .iter()
            .map(|server| RingServer { name: server.name.clone(), leaving: server.leaving })
            .collect();
        let members = servers.into_iter().map(|server| {
            let record = RingRecord {
                this_server: server.name.clone(),
                generation: list.generation,
                servers: all.clone(),
            };
            let former = former.and_then(|former| former.named(&server.name));
            Member::new(server, record, connect, former.map(|former| &**former)).map(Arc::new)
        });
        Ok(Self { generation: list.generation, members: members.collect::<Result<_>>()? })
    }

    /// The server that a user belongs to.
    pub(crate) fn home(&self, user: &UserName) -> &Arc<Member> {
        let staying = self.members.iter().filter(|member| !member.leaving);
        let home = home(staying.map(|member| member.name.as_str()), user);
        home.and_then(|name| self.named(name))
            .expect("a server stays, which the list was checked for")
    }

    /// The server of a name; none if it is not in the ring.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<Member>> {
        self.members.iter().find(|member| member.name == name)
    }

    /// The servers, those that answered when they were needed last before the others.
    pub(crate) fn answering_first(&self) -> impl Iterator<Item = &Arc<Member>> {
        let (silent, answering): (Vec<_>, Vec<_>) =
            self.members.iter().partition(|member| member.is_silent());
        answering.into_iter().chain(silent)
    }
}
