use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ferry_api::{
    GraphTask, PageQuery, SubmittedWorkflow, WorkflowDocument, WorkflowProgress, WorkflowRequest,
    WorkflowStatus,
};
use ferry_client::Client;
use ferry_types::{WorkflowId, limits};

use crate::arguments::Global;
use crate::failure::Failure;
use crate::table::Table;

/// Submit tasks that come after one another, see how far they have come, cancel what is left
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ferry workflows submit build.json
  ferry workflows show w42
  ferry workflows cancel w42

The file is the body of POST /v1/workflows:
  {\"tasks\": [{\"ref\": \"fetch\", \"queue\": \"io\", \"payload\": 1},
             {\"ref\": \"parse\", \"queue\": \"cpu\", \"payload\": 2, \"depends_on\": [\"fetch\"]}]}")]
pub(crate) struct Workflows {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Submit the workflow that a file describes, all of it or nothing
    Submit {
        /// The file; - reads stdin
        file: PathBuf,
    },
    /// Show how far a workflow has come, and its tasks
    Show {
        /// Its id
        workflow: WorkflowId,
    },
    /// Call off what is left of a workflow
    Cancel {
        /// Its id
        workflow: WorkflowId,
    },
}

impl Workflows {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        match self.action {
            Action::Submit { file } => {
                let request = read(&file)?;
                let submitted = global.patient_client().await?.submit_workflow(&request).await?;
                global
                    .output()
                    .show(&submitted, |submitted: &SubmittedWorkflow| submitted.id.to_string())
            }
            Action::Show { workflow } => {
                let document = whole(&global.client()?, workflow).await?;
                global.output().show(&document, |document: &WorkflowDocument| {
                    format!("{}\n{}", line(&document.status), table(&document.graph.tasks))
                })
            }
            Action::Cancel { workflow } => {
                let status = global.patient_client().await?.cancel_workflow(workflow).await?;
                global.output().show(&status, line)
            }
        }
    }
}

fn read(file: &Path) -> Result<WorkflowRequest, Failure> {
    let name = file.display();
    let read = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    let text = read.map_err(|error| Failure::new(format!("cannot read {name}: {error}")))?;
    let wrong = |error| Failure::new(format!("{name} describes no workflow: {error}"));
    serde_json::from_str(&text).map_err(wrong)
}

/// A workflow with its whole graph.
async fn whole(client: &Client, workflow: WorkflowId) -> Result<WorkflowDocument, Failure> {
    let mut page = PageQuery { limit: Some(limits::PAGE_MAX), page_token: None };
    let mut document = client.workflow(workflow, &page).await?;
    while let Some(token) = document.next_page_token.take() {
        page.page_token = Some(token);
        let WorkflowDocument { status, graph, next_page_token } =
            client.workflow(workflow, &page).await?;
        document.graph.tasks.extend(graph.tasks);
        (document.status, document.next_page_token) = (status, next_page_token);
    }
    Ok(document)
}

fn line(status: &WorkflowStatus) -> String {
    let WorkflowStatus { id, state, progress, .. } = status;
    let WorkflowProgress { total, finished, counts, .. } = progress;
    let succeeded = counts.succeeded;
    let state = state.as_str();
    format!("{id} {state}: {finished} of {total} tasks have ended, {succeeded} of them well")
}

fn table(tasks: &[GraphTask]) -> String {
    let mut table = Table::new(&["REF", "TASK", "QUEUE", "STATE", "ATTEMPT", "DEPENDS ON"]);
    for task in tasks {
        table.row(vec![
            task.task_ref.to_string(),
            task.id.to_string(),
            task.queue.to_string(),
            task.state.to_string(),
            task.attempt.to_string(),
            task.depends_on.join(","),
        ]);
    }
    table.into_text()
}
