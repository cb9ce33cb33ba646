//! Whether the tasks of a workflow wait for one another for ever.

use ferry_types::limits::CYCLE_PATH_MAX;

use crate::Rejection;
use crate::command::WorkflowTask;
use crate::rejection::DependencyCycle;

/// Whether the search has been at a task.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    No,
    /// On the way from where the search began.
    OnPath,
    /// And nothing behind it leads back.
    Done,
}

/// Refuses tasks of which some wait for one another. Looks at each dependency once.
pub(crate) fn require_acyclic(tasks: &[WorkflowTask]) -> Result<(), Rejection> {
    let mut seen = vec![Seen::No; tasks.len()];
    for start in 0..tasks.len() {
        if let Some(cycle) = cycle_from(tasks, start, &mut seen) {
            let name = |place: &usize| tasks[*place].task_ref.clone();
            let mut path: Vec<String> = cycle.iter().take(CYCLE_PATH_MAX).map(name).collect();
            if cycle.len() <= CYCLE_PATH_MAX {
                path.extend(cycle.first().map(name));
            }
            let tasks = u32::try_from(cycle.len()).expect("an entry is far below 4 GiB");
            return Err(Rejection::DependencyCycle(DependencyCycle { path, tasks }));
        }
    }
    Ok(())
}

/// The places of tasks that wait for one another, each for the next, if `start` leads to some.
fn cycle_from(tasks: &[WorkflowTask], start: usize, seen: &mut [Seen]) -> Option<Vec<usize>> {
    // Each task on the path, with how many of its dependencies have been looked at.
    let mut path: Vec<(usize, usize)> = Vec::new();
    let mut next = (seen[start] == Seen::No).then_some(start);
    loop {
        if let Some(place) = next {
            seen[place] = Seen::OnPath;
            path.push((place, 0));
        }
        let (place, looked_at) = path.last_mut()?;
        let Some(after) = tasks[*place].after.get(*looked_at) else {
            seen[*place] = Seen::Done;
            path.pop();
            next = None;
            continue;
        };
        *looked_at += 1;
        let after = usize::try_from(*after).expect("a place fits a pointer");
        match seen.get(after) {
            Some(Seen::No) => next = Some(after),
            Some(Seen::OnPath) => {
                let places = path.iter().map(|(place, _)| *place);
                return Some(places.skip_while(|place| *place != after).collect());
            }
            Some(Seen::Done) | None => next = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The path of the cycle among tasks that are called by their places and come after these.
    fn path(after: &[&[u32]]) -> Option<(String, u32)> {
        let task = |(place, after): (usize, &&[u32])| WorkflowTask {
            task_ref: place.to_string(),
            after: after.to_vec(),
            ..WorkflowTask::default()
        };
        let tasks: Vec<WorkflowTask> = after.iter().enumerate().map(task).collect();
        match require_acyclic(&tasks) {
            Ok(()) => None,
            Err(Rejection::DependencyCycle(cycle)) => Some((cycle.path.join(" "), cycle.tasks)),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_cycle_is_found_wherever_it_is() {
        assert_eq!(path(&[]), None);
        assert_eq!(path(&[&[1, 2], &[3], &[3], &[]]), None, "a diamond");
        assert_eq!(path(&[&[7]]), None, "a place beyond the last means nothing");
        assert_eq!(path(&[&[0]]), Some(("0 0".into(), 1)));
        assert_eq!(path(&[&[1], &[0]]), Some(("0 1 0".into(), 2)));
        assert_eq!(path(&[&[1], &[2, 3], &[], &[1]]), Some(("1 3 1".into(), 2)));
        assert_eq!(path(&[&[], &[0, 3], &[], &[2, 1]]), Some(("1 3 1".into(), 2)));
    }

    #[test]
    fn a_long_cycle_is_told_in_part() {
        let after: Vec<[u32; 1]> = (0..20_000).map(|place| [(place + 1) % 20_000]).collect();
        let after: Vec<&[u32]> = after.iter().map(<[u32; 1]>::as_slice).collect();
        let (path, tasks) = path(&after).expect("there is one");
        assert_eq!(tasks, 20_000);
        assert_eq!(path.split(' ').count(), CYCLE_PATH_MAX);
        let acyclic = [&after[..19_999], &[&[]]].concat();
        assert_eq!(self::path(&acyclic), None);
    }
}
